"""A process that writes in all kinds of ways until it is killed, and what its store must hold afterwards.

It says on its standard output what it is about to do (`try`), and what the store has acknowledged (`done`).
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import dataclass, field

from bot.core.errors import UserError
from bot.core.glossary import Term
from bot.store.records import Change, ChangeKind, ServerSettings
from bot.store.store import Store

SERVERS = (1 << 40, 2 << 40)
IMPORTED = 40


async def write(url: str, first: int) -> None:
    """Write for ever; `first` is the first number of an interaction."""
    store = await Store.open(url, read_timeout=20, write_timeout=20)
    chance = random.Random(first)
    request = first
    while True:
        request += 1
        server = chance.choice(SERVERS)
        kind = chance.choice(("add", "edit", "remove", "import", "undo", "settings", "report", "gap"))
        _say("try", kind, server, request)
        try:
            written = await _write(store, kind, server, request, chance)
        except UserError:
            continue
        if written:
            _say("done", kind, server, request)


async def _write(store: Store, kind: str, server: int, request: int, chance: random.Random) -> bool:
    """Write; tell whether there was something to write."""
    own = await store.terms(server)
    some = chance.choice(own) if own else None
    if kind == "add":
        await store.add_term(server, Term(id=f"t{request}", name=f"T{request}", short="x" * 200), by=1, request=request)
    elif kind == "edit" and some:
        new = some.term.model_copy(update={"short": f"edited by {request}"})
        await store.edit_term(server, new, version=some.version, by=1, request=request)
    elif kind == "remove" and some:
        await store.remove_term(server, some.term.id, version=some.version, by=1, request=request)
    elif kind == "import":
        version = await store.terms_version(server)
        terms = [Term(id=f"i{n}", name=f"I{n}", short=f"imported by {request}") for n in range(IMPORTED)]
        await store.import_terms(server, terms, replace=True, expected=version, by=1, request=request)
    elif kind == "undo" and (history := await store.history(server, limit=20)):
        await store.undo(server, chance.choice(history).request, by=1, as_request=request)
    elif kind == "settings":
        present = await store.settings(server)
        new = ServerSettings(channels=frozenset({request}), version=present.version)
        await store.change_settings(server, new, by=1, request=request)
    elif kind == "report":
        await store.add_report("rlhf", f"report {request}", user=1, server=server, request=request)
    elif kind == "gap":
        await store.note_gap(server, "gap")
    else:
        return False
    return True


def _say(*words: object) -> None:
    print(json.dumps(words), flush=True)


@dataclass
class Told:
    """What the killed processes said."""

    done: list[tuple[str, int, int]] = field(default_factory=list)
    tried: set[int] = field(default_factory=set)

    def read(self, output: str) -> None:
        """Take in what one process said; its last line may be torn."""
        for line in output.splitlines():
            if not line.endswith("]"):
                continue
            word, kind, server, request = json.loads(line)
            self.tried.add(request)
            if word == "done":
                self.done.append((kind, server, request))


def kill_while_writing(url: str, moment: float, number: int, told: Told) -> None:
    """Let a process write, kill it `moment` seconds after its first write, and take in what it said."""
    command = [sys.executable, "-m", "tests.store.writer", url, str(number * 1_000_000)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout
    first = process.stdout.readline()
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
    rest = process.stdout.read()
    process.stdout.close()
    process.wait()
    told.read(first + rest)


async def faults_of(url: str, told: Told) -> list[str]:
    """Return what was acknowledged and is not there, and what is there by halves."""
    store = await Store.open(url, read_timeout=60, write_timeout=60)
    faults: list[str] = []
    reported = {int(r.text.removeprefix("report ")) for r in await store.reports(limit=100_000)}
    faults += [f"report {r} is lost" for k, _, r in told.done if k == "report" and r not in reported]
    for server in SERVERS:
        changes = await store.history(server, limit=1_000_000)
        faults += _history_faults(changes, {o.term.id: o.term for o in await store.terms(server)})
        requests = {c.request for c in changes}
        faults += [
            f"{kind} {request} is lost"
            for kind, where, request in told.done
            if where == server and kind in ("add", "edit", "remove") and request not in requests
        ]
        imports = [c.request for c in changes if c.after and c.after.short == f"imported by {c.request}"]
        faults += [f"import {r} is there by halves" for r in set(imports) if imports.count(r) != IMPORTED]
        settings = await store.settings(server)
        set_by = {r for k, s, r in told.done if k == "settings" and s == server}
        last = max(settings.channels, default=0)
        if (set_by and settings.version < len(set_by)) or last not in told.tried | {0}:
            faults.append(f"settings of {server}: version {settings.version}, {len(set_by)} acknowledged")
        counted = sum(g.count for g in await store.gaps(server))
        noted = sum(k == "gap" and s == server for k, s, _ in told.done)
        if counted < noted:
            faults.append(f"{noted - counted} gaps are lost")
    await store.close()
    return faults


def _history_faults(changes: list[Change], terms: dict[str, Term]) -> list[str]:
    """Replay the history: it must lead to the terms that are there, without a hole."""
    replayed: dict[str, Term] = {}
    faults: list[str] = []
    for change in reversed(changes):  # oldest first
        before, after, id_ = change.before, change.after, change.term_id
        if replayed.get(id_) != before:
            faults.append(f"the history of {id_} has a hole")
        if after is None:
            replayed.pop(id_, None)
            assert change.kind is ChangeKind.REMOVED
        else:
            replayed[id_] = after
    if replayed != terms:
        faults.append("the history does not lead to the terms that are there")
    return faults


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], int(sys.argv[2])))
