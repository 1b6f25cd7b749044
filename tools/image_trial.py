"""Tries a built image: `python -m tools.image_trial IMAGE.tar ROOT` as root; tools/try_image.sh calls it.

IMAGE.tar is the image as `docker save` writes it, ROOT the folder where a container of it is mounted. The bot runs there as
under Docker with `--read-only --cap-drop ALL --tmpfs /tmp -v data:/data`: as the first process of its own, as the image's
user, with the image's environment. Its Discord is the stand-in of the tests.
"""

import asyncio
import io
import json
import os
import signal
import sys
import tarfile
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tests.discord_server import DiscordServer

_FORBIDDEN = {"sh", "bash", "dash", "busybox", "apt", "apt-get", "dpkg", "pip", "pip3", "curl", "wget", "gcc"}
_PACKAGES = {"pip", "setuptools", "wheel", "hatchling", "pytest", "hypothesis", "basedpyright"}
# Python stands in for the runner's own change into the working folder: there is no shell.
_START = (
    'exec setpriv --no-new-privs chroot --userspec=10001:10001 --groups= "$0" /usr/local/bin/python -c '
    '\'import os, sys; os.chdir("/data"); os.execvp(sys.argv[1], sys.argv[1:])\' "$@"'
)
_WRITABLE = """
import os
writable = [f for f, _, _ in os.walk("/") if os.access(f, os.W_OK) and not f.startswith(("/proc", "/dev", "/tmp", "/data"))]
print(os.getuid(), os.getgid(), os.getgroups(), writable)
try:
    open("/opt/aiterms/new", "w")
except OSError as error:
    print(error.strerror)
"""


def said(words: str) -> None:
    """Print what was tried and held."""
    print(f"ok  {words}", flush=True)


# -- what lies in it ----------------------------------------------------------------------------------------------------


def read(archive: Path) -> dict[str, Any]:
    """Look through every layer, print the size, and return the image's configuration."""
    with tarfile.open(archive) as image:
        [manifest] = json.load(_member(image, "manifest.json"))
        config = json.load(_member(image, manifest["Config"]))
        size = files = 0
        for layer in manifest["Layers"]:
            with tarfile.open(fileobj=_member(image, layer)) as contents:
                for entry in contents:
                    _check(entry)
                    size += entry.size
                    files += 1
    assert size < 300e6, f"{size / 1e6:.0f} MB"
    said(
        f"{size / 1e6:.0f} MB in {files:,} files and {len(manifest['Layers'])} layers; no shell, pip, settings, setuid"
    )
    return config["config"] | {"history": config.get("history", [])}


def _member(archive: tarfile.TarFile, name: str) -> io.BufferedReader:
    found = archive.extractfile(name)
    assert isinstance(found, io.BufferedReader), name
    return found


def _check(entry: tarfile.TarInfo) -> None:
    path = PurePosixPath("/" + entry.name)
    assert entry.isdir() or path.name not in _FORBIDDEN, path
    assert path.name not in {"pip.conf", ".netrc", ".env", ".git"}, path
    assert not (path.parent.name == "site-packages" and path.name.partition("-")[0] in _PACKAGES), path
    assert not entry.mode & 0o6000, f"{path} has the rights of another user"
    assert not entry.mode & 0o002 or entry.issym() or path == PurePosixPath("/tmp"), f"everybody may write {path}"  # noqa: S108
    assert not path.is_relative_to("/run/secrets") or entry.isdir(), path


def read_configuration(config: dict[str, Any]) -> None:
    """Check what the image tells its runner."""
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == ["aiterms"]
    assert config["Cmd"] == ["run"]
    assert config["StopSignal"] == "SIGTERM"
    assert config["Healthcheck"]["Test"] == ["CMD", "aiterms", "health"]
    assert "/data" in config["Volumes"]
    told = json.dumps(config)
    for word in ("DISCORD_TOKEN=", "PIP_", "pypi", "index-url", "password"):
        assert word not in told, word
    said("user 10001, health check, SIGTERM, volume; no token and no address of an index in settings and history")


# -- what it does -------------------------------------------------------------------------------------------------------


@dataclass
class Box:
    """A root to run programs in."""

    root: Path
    work: Path
    environment: dict[str, str]

    def prepare(self) -> None:
        """Make the folders that a runner makes."""
        for name in ("dev", "proc", "run"):
            (self.root / name).mkdir(exist_ok=True)
        for name in ("place", "data", "secrets"):
            (self.work / name).mkdir()
        os.chown(self.work / "data", 10001, 10001)
        self.work.chmod(0o755)

    @asynccontextmanager
    async def running(
        self, *command: str, environment: dict[str, str] | None = None, read_only: bool = True
    ) -> AsyncIterator["Running"]:
        """Run a command as process 1 while the block runs."""
        place = self.work / "place"
        steps = [
            f"mount --bind {self.root} {place}",
            f"mount --rbind /dev {place}/dev",
            f"mount -t proc proc {place}/proc",
            f"mount -t tmpfs -o mode=755 tmpfs {place}/run && mkdir {place}/run/secrets",
            f"mount --bind -o ro {self.work}/secrets {place}/run/secrets",
            f"mount -t tmpfs tmpfs {place}/tmp",  # noqa: S108 - the runner's own
            f"mount --bind {self.work}/data {place}/data",
            *([f"mount -o remount,bind,ro {place}"] if read_only else []),
            _START,
        ]
        process = await asyncio.create_subprocess_exec(
            *(
                "unshare",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "sh",
                "-ec",
                "\n".join(steps),
                str(place),
                *command,
            ),
            env=self.environment | (environment or {}),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            yield Running(process)
        finally:
            if process.returncode is None:
                for child in _children(process.pid):
                    os.kill(child, signal.SIGKILL)
                await process.wait()

    async def run(
        self, *command: str, environment: dict[str, str] | None = None, read_only: bool = True
    ) -> tuple[int, str, str]:
        """Run a command to its end; return its exit code, output and errors."""
        async with self.running(*command, environment=environment, read_only=read_only) as running, asyncio.timeout(60):
            out, err = await running.process.communicate()
            assert running.process.returncode is not None
            return running.process.returncode, out.decode(), err.decode()


@dataclass
class Running:
    """A program in the box; `process` is the one that waits for it."""

    process: asyncio.subprocess.Process

    async def end(self) -> tuple[int, float, str]:
        """Send SIGTERM to the program; return its exit code, the seconds it took, and its log."""
        [child] = _children(self.process.pid)
        begun = asyncio.get_running_loop().time()
        os.kill(child, signal.SIGTERM)
        async with asyncio.timeout(30):
            _, err = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, asyncio.get_running_loop().time() - begun, err.decode()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def try_rights(box: Box) -> None:
    """Look for places that the user may write, in a root that is not read-only."""
    code, out, err = await box.run("python", "-c", _WRITABLE, read_only=False)
    assert (code, out) == (0, "10001 10001 [] []\nPermission denied\n"), (code, out, err)
    code, out, err = await box.run("python", "-c", _WRITABLE)
    assert (code, out) == (0, "10001 10001 [] []\nRead-only file system\n"), (code, out, err)
    said("the user can write its data folder and /tmp, nothing else, whether the root is read-only or not")


async def try_commands(box: Box) -> None:
    """Ask and count without Discord."""
    code, out, err = await box.run("aiterms", "ask", "what is rlhf")
    assert (code, err) == (0, ""), err
    assert "Reinforcement Learning from Human Feedback" in out
    said("aiterms ask: " + out.splitlines()[0])
    code, _, err = await box.run("aiterms", "check")
    assert code == 0, err
    code, out, err = await box.run("aiterms", "run", environment={"DISCORD_TOKEN_FILE": "/run/secrets/none"})
    assert code == 78, (code, err)
    said("a missing token file ends it with 78: " + err.strip().splitlines()[-1])


async def try_bot(box: Box) -> None:
    """Run the bot against the stand-in."""
    async with DiscordServer() as server:
        guild = server.add_guild()
        channel, asker = server.add_channel(guild), server.add_user("Ada", guild)
        token = box.work / "secrets" / "discord_token"
        token.write_text(server.token + "\n")
        environment = {
            "DISCORD_TOKEN_FILE": "/run/secrets/discord_token",
            "AITERMS_DISCORD__API_URL": server.api_url,
        }
        code, _, _ = await box.run("aiterms", "health", environment=environment)
        for start in (1, 2):
            async with box.running("aiterms", "run", environment=environment) as bot:
                await server.gateway.changed.until(lambda start=start: server.gateway.identifies >= start, 30)
                await server.ready()
                seen = await asker.slash(channel, "define", term="rlhf")
                assert "RLHF" in seen.embeds[0]["title"]
                counted = await asker.slash(channel, "tokens", text="The llama says: 思维链 🦙", model="gpt-4").shown(
                    60
                )
                assert counted.text
                assert counted.attachments, "the picture of the tokens needs fonts"
                async with asyncio.timeout(30):
                    while (await box.run("aiterms", "terms", environment=environment))[0] != 0:  # noqa: ASYNC110
                        await asyncio.sleep(0.5)
                code, seconds, log = await bot.end()
            assert code == 0, (code, log)
            assert seconds < 10, seconds
            assert server.token not in log
            assert "Traceback" not in log, log
            said(f"start {start}: READY, answered, counted, healthy; SIGTERM ended it with 0 in {seconds:.1f} s")
        assert server.violations == [], server.violations
        kept = sorted(p.name for p in (box.work / "data").iterdir())
        said("kept in /data: " + ", ".join(kept))


async def main(archive: Path, root: Path) -> None:
    """Try everything; the first thing that does not hold raises."""
    config = read(archive)
    read_configuration(config)
    with tempfile.TemporaryDirectory() as work:
        environment = dict(pair.split("=", 1) for pair in config["Env"])
        # The tools that lay out the box come from this machine.
        environment["PATH"] += ":/usr/sbin:/usr/bin:/sbin:/bin"
        box = Box(root, Path(work), environment)
        box.prepare()
        await try_rights(box)
        await try_commands(box)
        await try_bot(box)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
