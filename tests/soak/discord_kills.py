"""kill -9 while servers' terms, settings and reports are being written, as people see it from Discord.

Several people add, edit, remove and import terms, change a setting and report mistakes. The program is killed at a
random moment and started again. What was acknowledged (the response had reached the stand-in, which lives in another
process than the bot) must be there; what was under way must be there as a whole or not at all.
"""

import asyncio
import random
import sqlite3
import sys
import tempfile
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot.store.store import Store
from tests.discord_server import (
    Channel,
    DiscordServer,
    Exchange,
    Guild,
    Message,
    NotAnsweredError,
    Permission,
    Person,
    Upload,
)
from tests.soak._program import Program, program

MOMENTS = 200
PEOPLE = 6
LONGEST = 1.5
"""Seconds of writing before the kill, at most."""
_MODAL = 9
_MANY = 60
_IMPORTED = 5
_SETTING, _REPORT = "the language", "report "

State = dict[str, str]
"""What is stored: terms by id with their short texts, the setting, and the reports."""


class RefusedError(Exception):
    """The bot said why it does not do something."""


@dataclass
class Flight:
    """A write that was sent: what it changes (None: not there), and what the bot says when it is done."""

    exchange: Exchange
    after: Mapping[str, str | None]
    done: str

    @property
    def acknowledged(self) -> bool:
        """Whether the response had arrived."""
        shown = self.exchange.source if self.exchange.type in (6, 7) else self.exchange.original
        return shown is not None and self.done in shown.text


@dataclass
class Load:
    """People who write, and what must be stored by now."""

    server: DiscordServer
    guild: Guild
    channel: Channel
    random: random.Random
    state: State = field(default_factory=dict[str, str])
    flights: dict[int, Flight] = field(default_factory=dict[int, Flight])
    acknowledged: int = 0
    refused: int = 0
    unanswered: int = 0
    counts: dict[str, int] = field(default_factory=dict[str, int])
    _number: int = 0

    def editor(self) -> Person:
        """Return somebody new, so that nobody is told to wait."""
        return self.server.add_user("Editor", self.guild, permissions=int(Permission.MANAGE_GUILD))

    async def write(self) -> None:
        """Write until cancelled; what is then under way stays in `flights`."""
        async with asyncio.TaskGroup() as people:
            for person in range(PEOPLE):
                people.create_task(self._one(person))

    async def _one(self, person: int) -> None:
        acts: list[Callable[[int], Awaitable[Flight]]] = [self._add, self._add, self._import]
        if person == 0:
            acts = [self._set, self._report]
        while True:
            mine = self._mine(person)
            possible = [*acts, self._edit, self._edit, self._remove] if mine else acts
            act = self._remove if len(mine) > _MANY else self.random.choice(possible)
            try:
                flight = await act(person)
                self.flights[person] = flight
                said, done = (await flight.exchange.shown()).text, flight.done
            except RefusedError as refused:
                said, done = str(refused), None
            except NotAnsweredError:
                # A machine under load: what became of it is not known, so this person changes no more.
                self.unanswered += 1
                return
            if "at the moment" in said or (act == self._import and "somebody else changed" in said):
                # Nothing was changed, and that was said.
                self.flights.pop(person, None)
                self.refused += 1
                continue
            if done is None or done not in said:
                raise AssertionError(f"{act.__name__}: {said}")
            self._settle(person)
            self.counts[act.__name__] = self.counts.get(act.__name__, 0) + 1

    def _settle(self, person: int) -> None:
        self.acknowledged += 1
        _apply(self.state, self.flights.pop(person).after)

    def settle_acknowledged(self) -> None:
        """Count those that were acknowledged in the very last moment."""
        for person in [p for p, flight in self.flights.items() if flight.acknowledged]:
            self._settle(person)

    def _mine(self, person: int) -> list[str]:
        return [i for i in self.state if i.startswith(f"p{person}-")]

    def _new(self, person: int) -> tuple[str, str]:
        self._number += 1
        return f"p{person}-n{self._number}", f"Text {self.random.random()}"

    async def _add(self, person: int) -> Flight:
        who, (id_, short) = self.editor(), self._new(person)
        form = await opened(who.slash(self.channel, "term add"))
        return Flight(who.submit(form, {"name": id_, "short": short}), {id_: short}, "Saved.")

    async def _edit(self, person: int) -> Flight:
        who, id_, short = self.editor(), self.random.choice(self._mine(person)), self._new(person)[1]
        form = await opened(who.slash(self.channel, "term edit", term=id_))
        return Flight(who.submit(form, {"short": short}), {id_: short}, "Changed.")

    async def _remove(self, person: int) -> Flight:
        who, id_ = self.editor(), self.random.choice(self._mine(person))
        asked = await with_buttons(who.slash(self.channel, "term remove", term=id_))
        return Flight(who.click(asked, "aiterms:own-remove:.*"), {id_: None}, "Removed:")

    async def _import(self, person: int) -> Flight:
        who, new = self.editor(), dict(self._new(person) for _ in range(_IMPORTED))
        written = "\n".join(f'[{id_}]\nname = "{id_}"\nshort = "{short}"\n' for id_, short in new.items())
        shown = await with_buttons(who.slash(self.channel, "term import", file=Upload("terms.toml", written.encode())))
        return Flight(who.click(shown, "aiterms:import:.*:yes:.*"), dict(new), "Imported:")

    async def _set(self, _: int) -> Flight:
        who, language = self.editor(), "en" if self.state.get(_SETTING) == "zh" else "zh"
        panel = await with_buttons(who.slash(self.channel, "settings"))
        chosen = who.choose(panel, language, custom_id="aiterms:set:language.*")
        return Flight(chosen, {_SETTING: language}, {"en": "English", "zh": "简体中文"}[language])

    async def _report(self, _: int) -> Flight:
        who, text = self.editor(), self._new(0)[1]
        answer = await with_buttons(who.slash(self.channel, "define", term="rlhf"))
        form = await opened(who.click(answer, "aiterms:wrong:.*"))
        return Flight(who.submit(form, {"text": text}), {_REPORT + text: text}, "Thank you.")


async def opened(exchange: Exchange) -> Exchange:
    """Return an exchange that opened a form."""
    await exchange
    if exchange.type != _MODAL:
        raise RefusedError((await exchange.shown()).text)
    return exchange


async def with_buttons(exchange: Exchange) -> Message:
    """Return a message that has buttons."""
    message = await exchange.shown()
    if not message.parts(2, 3, 5, 6, 8):
        raise RefusedError(message.text)
    return message


def _apply(state: State, after: Mapping[str, str | None]) -> None:
    for key, value in after.items():
        if value is None:
            state.pop(key, None)
        else:
            state[key] = value


async def stored(data: Path, server: int) -> State:
    """Return what is stored, and make sure that nothing of it is half-written."""
    with closing(sqlite3.connect(data / "aiterms.db")) as connection:
        [(verdict,)] = connection.execute("PRAGMA integrity_check")
        assert verdict == "ok", verdict
    store = await Store.open(f"sqlite+aiosqlite:///{data / 'aiterms.db'}", read_timeout=30)
    try:
        terms = {o.term.id: o for o in await store.terms(server)}
        latest = {c.term_id: c.after for c in reversed(await store.history(server, limit=10**6))}
        assert {i: o.term for i, o in terms.items()} == {i: t for i, t in latest.items() if t}, (
            "history and terms differ"
        )
        assert max((o.version for o in terms.values()), default=0) <= await store.terms_version(server)
        settings = await store.settings(server)
        state = {i: o.term.short for i, o in terms.items()}
        if settings.language:
            state[_SETTING] = settings.language
        return state | {_REPORT + r.text: r.text for r in await store.reports(limit=10**6)}
    finally:
        await store.close()


def differences(found: State, load: Load) -> list[str]:
    """Return what is not as it must be; writes that were under way may be done or not, each as a whole."""
    wanted = dict(load.state)
    for flight in load.flights.values():
        done = dict(wanted)
        _apply(done, flight.after)
        if all(found.get(key) == done.get(key) for key in flight.after):
            wanted = done
    return [
        f"{key}: {found.get(key)!r} instead of {wanted.get(key)!r}"
        for key in sorted(found.keys() | wanted.keys())
        if found.get(key) != wanted.get(key)
    ]


async def exported(load: Load) -> State:
    """Return the terms as Discord shows them after a start."""
    async with asyncio.timeout(60):
        while True:
            try:
                message = await load.editor().slash(load.channel, "term export").shown(30)
            except NotAnsweredError:
                continue
            if "at the moment" not in message.text:
                break
    tables = tomllib.loads(message.attachments[0].data.decode()) if message.attachments else {}
    return {id_: str(table["short"]) for id_, table in tables.items()}


async def moment(load: Load, data: Path, bot: Program) -> list[str]:
    """Look, write for a random time, kill, look again; return what is lost or half-written."""
    terms = {k: v for k, v in load.state.items() if not k.startswith((_SETTING, _REPORT))}
    shown = await exported(load)
    wrong = [] if shown == terms else [f"/term export gives {len(shown)} terms, {len(terms)} are stored"]
    # The first import starts the worker process: that is not what is to be hit.
    text = Upload("terms.md", b"## Word\n\nA text.\n")
    with suppress(NotAnsweredError):
        await load.editor().slash(load.channel, "term import", file=text).shown(30)
    writing = asyncio.create_task(load.write())
    await asyncio.wait({writing}, timeout=load.random.uniform(0.02, LONGEST))
    if writing.done():
        writing.result()
    await bot.kill()
    # What had been sent before is still read.
    await asyncio.sleep(0.1)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    load.settle_acknowledged()
    found = await stored(data, load.guild.id)
    wrong += differences(found, load)
    load.flights.clear()
    load.state = found
    return wrong


async def killed(data: Path, moments: int, seed: int) -> tuple[Load, list[str]]:
    """Kill the program at so many moments; return the load, and everything that was lost or half-written."""
    wrong: list[str] = []
    async with DiscordServer() as server:
        guild = server.add_guild()
        load = Load(server, guild, server.add_channel(guild), random.Random(seed))
        for number in range(moments):
            before = server.gateway.identifies
            # What spaces out crashes would wait for minutes.
            (data / "starts-0.json").unlink(missing_ok=True)
            async with program(server, data, 0, AITERMS_LOG__LEVEL="error") as bot:
                await server.gateway.changed.until(lambda before=before: server.gateway.identifies > before, 60)
                await server.ready(30)
                wrong += [f"moment {number}: {w}" for w in await moment(load, data, bot)]
        wrong += [str(v) for v in server.violations]
    return load, wrong


def main() -> int:
    """Run the topic."""
    seed = random.randrange(10**6)
    with tempfile.TemporaryDirectory() as data:
        load, wrong = asyncio.run(killed(Path(data), MOMENTS, seed))
    writes = ", ".join(f"{n} {act.strip('_')}" for act, n in sorted(load.counts.items()))
    print(f"kill -9 at {MOMENTS} moments (seed {seed}): {load.acknowledged} writes acknowledged ({writes})")
    print(f"refused in words: {load.refused}; not answered in time: {load.unanswered}")
    print(f"lost or half-written: {len(wrong)}", *wrong[:20], sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
