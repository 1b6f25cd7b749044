"""`make bench`: runs every measurement, or those named on the command line."""

import importlib
import sys

MEASUREMENTS = ("search", "servers", "store", "tokens", "discord", "guilds", "sizes")


def main() -> None:
    """Run the measurements named in the arguments, or all."""
    for name in sys.argv[1:] or MEASUREMENTS:
        print(f"\n== {name} ==", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
