import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest

from bot.ops.logs import Format, set_up

SECRET = "MTk4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"


@pytest.fixture(autouse=True)
def _kept() -> Iterator[None]:
    """Give the loggers back as they were."""
    root, discord = logging.getLogger(), logging.getLogger("discord")
    handlers, levels = list(root.handlers), (root.level, discord.level)
    # Handlers of the test runner must not be closed with those that are replaced.
    root.handlers = []
    yield
    root.handlers = handlers
    root.setLevel(levels[0])
    discord.setLevel(levels[1])
    logging.captureWarnings(capture=False)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_than_on_a_terminal_each_line_is_json() -> None:
    stream = io.StringIO()
    set_up("info", stream=stream)
    logging.getLogger("bot.x").warning("channel %d: 什么\nsecond line", 7, extra={"reference": "1a2b3c4d"})
    try:
        raise ValueError("broken")  # noqa: TRY301
    except ValueError:
        logging.getLogger("bot.y").exception("it failed")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first.pop("time").endswith("+00:00")
    assert first == {
        "level": "warning",
        "logger": "bot.x",
        "message": "channel 7: 什么\nsecond line",
        "reference": "1a2b3c4d",
    }
    assert second["error"] == "ValueError"
    assert second["traceback"].startswith("Traceback (most recent call last)")
    assert second["traceback"].endswith("ValueError: broken")


@pytest.mark.parametrize(
    ("form", "stream", "is_json"),
    [
        ("auto", Terminal(), False),
        ("auto", io.StringIO(), True),
        ("plain", io.StringIO(), False),
        ("json", Terminal(), True),
    ],
)
def test_the_form_is_that_of_the_setting_or_of_the_reader(form: Format, stream: io.StringIO, *, is_json: bool) -> None:
    set_up("info", form, stream=stream)
    logging.getLogger("bot.x").info("here")
    assert stream.getvalue().startswith("{") is is_json
    assert "here" in stream.getvalue()


@pytest.mark.parametrize("form", ["plain", "json"])
def test_secrets_are_masked_wherever_they_turn_up(form: Format) -> None:
    stream = io.StringIO()
    set_up("info", form, secrets=(SECRET, ""), stream=stream)
    log = logging.getLogger("discord.http")
    log.warning("header: Bot %s", SECRET, extra={"given": SECRET})
    log.warning("POST https://discord.com/api/v10/interactions/123/aW50ZXJhY3Rpb24.x-y_z/callback has failed")
    log.warning("PATCH /webhooks/123/aW50ZXJhY3Rpb24/messages/@original has failed")
    try:
        raise ValueError(SECRET)  # noqa: TRY301
    except ValueError:
        log.exception("oh")
    written = stream.getvalue()
    assert SECRET not in written
    assert "aW50ZXJhY3Rpb24" not in written
    assert "/interactions/123/***/callback" in written
    assert "/webhooks/123/***/messages" in written


def test_debug_output_of_the_library_is_left_out() -> None:
    stream = io.StringIO()
    set_up("debug", "plain", stream=stream)
    logging.getLogger("discord.gateway").debug("received: what people write")
    logging.getLogger("bot.x").debug("of our own")
    assert "what people write" not in stream.getvalue()
    assert "of our own" in stream.getvalue()


def test_levels_hold_for_the_library_too() -> None:
    stream = io.StringIO()
    set_up("error", "plain", stream=stream)
    logging.getLogger("discord.gateway").warning("quiet")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("form", ["plain", "json"])
def test_a_lost_connection_takes_one_line(form: Format) -> None:
    stream = io.StringIO()
    set_up("info", form, stream=stream)
    set_up("info", form, stream=stream)
    try:
        raise ConnectionResetError  # noqa: TRY301
    except ConnectionResetError:
        logging.getLogger("discord.client").exception("Attempting a reconnect in %.2fs", 1.5)
    assert len(stream.getvalue().splitlines()) == 1
    assert "Attempting a reconnect in 1.50s (ConnectionResetError)" in stream.getvalue()


@pytest.mark.parametrize("form", ["plain", "json"])
def test_what_cannot_be_encoded_is_written_all_the_same(form: Format) -> None:
    buffer = io.BytesIO()
    set_up("info", form, stream=io.TextIOWrapper(buffer, "utf-8", write_through=True))
    logging.getLogger("bot.x").info("half a pair: %s", "\ud83d")
    assert b"half a pair: " in buffer.getvalue()
    assert b"ud83d" in buffer.getvalue()


def test_warnings_of_python_are_lines_too() -> None:
    stream = io.StringIO()
    set_up("info", stream=stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old way", DeprecationWarning, stacklevel=1)
        logging.captureWarnings(capture=False)
    assert "old way" in json.loads(stream.getvalue())["message"]
