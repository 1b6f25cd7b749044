"""The first response to an interaction, straight from ready bytes, within Discord's time."""

import asyncio
from typing import Any

import aiohttp
import discord
from discord.http import HTTPClient, Route, json_or_text
from yarl import URL

from bot.ops.requests import Requests

FIRST_RESPONSE = 2.5
"""Seconds for the first response to an interaction; Discord forgets it after 3."""
ALREADY_ACKNOWLEDGED = 40060
"""Discord's code where the first response has been given."""
_FIRST_PAUSE = 0.5
_SENT = 300
_FAILING = 500
_TOO_MANY = 429
_WHOLE = aiohttp.ClientTimeout(total=FIRST_RESPONSE)


class Responder:
    """Sends first responses, over the connections that the library keeps to Discord."""

    def __init__(self, http: HTTPClient, requests: Requests) -> None:
        self._http = http
        self._requests = requests
        self._session: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        """Let go of the connections; they are the library's."""
        if self._session:
            await self._session.close()

    async def respond(self, interaction: discord.Interaction[Any], body: bytes) -> None:
        """Send the first response, once more where Discord fails, asks to wait, or the connection breaks.

        discord.py's `send_message` has Discord return the message and makes objects of it and of every button: a third
        of the work of an answer, for what nobody here reads. So this uses its connections, its address and its mark of
        what is answered, but not that call. The mark is not public; the version is pinned below 2.8, and tests hold it.
        The session is not the library's either, whose tracing takes about a twentieth of an answer.

        Raises:
            PausedError: too many requests were refused lately; nothing was sent.
            TimeoutError: it took too long; whether Discord has acted on it is unknown.
            aiohttp.ClientConnectionError: the connection broke twice.
            discord.HTTPException: Discord refuses it.
        """
        if interaction.response.is_done():
            raise discord.InteractionResponded(interaction)
        url = URL(f"{Route.BASE}/interactions/{interaction.id}/{interaction.token}/callback", encoded=True)
        now = asyncio.get_running_loop().time
        end, pause, timeout, broken = now() + FIRST_RESPONSE, _FIRST_PAUSE, _WHOLE, False
        while True:
            self._requests.check(interaction=True)
            payload = aiohttp.BytesPayload(body, content_type="application/json")
            try:
                async with self._sending().post(url, data=payload, timeout=timeout) as answer:
                    self._requests.saw(answer, interaction=True)
                    if answer.status < _SENT:
                        break
                    wait = await _wait_or_raise(answer, pause)
                    pause *= 2
            except discord.HTTPException as refusal:
                if broken and refusal.code == ALREADY_ACKNOWLEDGED:
                    # The first had arrived before the connection broke.
                    break
                raise
            except aiohttp.ClientConnectionError:
                if broken:
                    raise
                broken, wait = True, 0.0
            if now() + wait >= end:
                raise TimeoutError
            await asyncio.sleep(wait)
            timeout = aiohttp.ClientTimeout(total=end - now())
        answered(interaction)

    def _sending(self) -> aiohttp.ClientSession:
        # Only once the library has logged in, there are connections to share.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=self._http.connector, connector_owner=False, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


def answered(interaction: discord.Interaction[Any]) -> None:
    """Note that an interaction has its first response: only the library's own calls that end well do so themselves."""
    # What `is_done` goes by.
    interaction.response._response_type = discord.InteractionResponseType.channel_message  # noqa: SLF001


def release(interaction: discord.Interaction[Any]) -> None:
    """Let an interaction go whose command has ended: nothing can be responded to it any more.

    It and its response hold each other, so that the dozen objects of each answer would wait for the collector.
    """
    interaction.response._parent = None  # pyright: ignore[reportAttributeAccessIssue] # noqa: SLF001


async def _wait_or_raise(answer: aiohttp.ClientResponse, pause: float) -> float:
    """Return the seconds until another try makes sense; raise the refusal where none does."""
    if answer.status >= _FAILING:
        return pause
    said: Any = await json_or_text(answer)
    # Without Via it was not Discord who answered: the address is banned, and asking again prolongs that.
    if answer.status == _TOO_MANY and answer.headers.get("Via") and isinstance(said, dict):
        return float(said["retry_after"])
    raise discord.HTTPException(answer, said)
