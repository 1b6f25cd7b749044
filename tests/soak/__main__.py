"""Run the topics that are named, or all, each in a process of its own; the exit code tells whether all held."""

import importlib
import subprocess
import sys
from pathlib import Path

TOPICS = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_"))


def main(names: list[str]) -> int:
    """Run topics; return how many did not hold."""
    unknown = set(names) - set(TOPICS)
    if unknown:
        print(f"no such topic: {', '.join(sorted(unknown))}; there are {', '.join(TOPICS)}", file=sys.stderr)
        return 2
    if len(names) == 1:
        return importlib.import_module(f"tests.soak.{names[0]}").main()
    failed = [
        n for n in names or TOPICS if subprocess.run([sys.executable, "-m", "tests.soak", n], check=False).returncode
    ]
    print(f"failed: {', '.join(failed)}" if failed else "all held")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
