"""Reload: the knowledge folders are looked at now and then; what has changed is checked beside the bot and swapped whole."""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from bot.core.errors import UserError
from bot.core.glossary import Fault
from bot.ops.health import Part
from bot.ops.workers import Workers

log = logging.getLogger(__name__)

T = TypeVar("T")
Checked = tuple[T | None, Sequence[Fault]]
"""What was read, or None and every fault of every file."""
_READING = 60.0
"""Seconds for reading and checking all files; the worker has a low priority."""
_SHOWN = 5
"""Faults that the log names; `aiterms check` tells all."""


class Reload(Generic[T]):
    """Watches folders of TOML files; hands on what was read of them, or keeps the faults for those who can mend them.

    Contents are compared, not times: copies, mounts and version control set those as they like. What is still being
    written differs between two looks, so a change counts once two looks in a row have seen the same.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        read: Callable[[], Checked[T]],
        swap: Callable[[T], Awaitable[None]],
        workers: Workers,
        *,
        seen: str,
        every: float = 60.0,
        settle: float = 2.0,
    ) -> None:
        """Look at `folders` `every` so many seconds, and again after `settle` seconds where something has changed.

        `seen` is the fingerprint of what is in use, taken before that was read. `read` runs in the worker process: it can be pickled, and so can what it returns.
        """
        self._folders = tuple(folders)
        self._read = read
        self._swap = swap
        self._workers = workers
        self._every = every
        self._settle = settle
        self._seen = seen
        self.done = 0
        """How often what changed was taken."""
        self.refused = 0
        """How often it was not."""
        self.faults: tuple[Fault, ...] = ()
        """What is wrong with the files as they are now; the knowledge in use is the last good one."""

    async def run(self) -> None:
        """Watch until cancelled; whatever goes wrong with one look, there is a next one."""
        while True:
            await asyncio.sleep(self._every)
            try:
                await self.look()
            except UserError:
                log.warning("the worker is busy: new knowledge is looked at again later")
            except Exception:
                self.refused += 1
                log.exception("looking for new knowledge failed; the old one stays in use")

    async def look(self) -> bool:
        """Look once; return whether new knowledge was taken."""
        found = await self._settled()
        if found == self._seen:
            return False
        taken, faults = await self._workers.run(self._read, timeout=_READING)
        self.faults = tuple(faults)
        if taken is None:
            self._seen = found
            self.refused += 1
            for fault in self.faults[:_SHOWN]:
                log.error("new knowledge refused: %s", fault)
            log.error("%d faults in all; the old knowledge stays in use whole", len(self.faults))
            return False
        await self._swap(taken)
        self._seen = found
        self.done += 1
        log.info("new knowledge is in use")
        return True

    def state(self) -> Part:
        """Tell how the knowledge is, for the health page and the operator."""
        for fault in self.faults:
            more = f", and {len(self.faults) - 1} faults more" if len(self.faults) > 1 else ""
            return "degraded", f"new files refused, the old knowledge stays in use: {fault}{more}"
        return "ok", f"reloaded {self.done} times"

    async def _settled(self) -> str:
        found = await asyncio.to_thread(fingerprint, self._folders)
        while found != self._seen:
            await asyncio.sleep(self._settle)
            before, found = found, await asyncio.to_thread(fingerprint, self._folders)
            if found == before:
                break
        return found


def fingerprint(folders: Sequence[Path]) -> str:
    """Return a hash of the names and contents of all TOML files below `folders`; what cannot be read counts as absent."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.toml")):
            try:
                content = path.read_bytes()
            except OSError:
                continue
            digest.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()
