"""What takes too long for every change: `make soak`, or `python -m tests.soak TOPIC`. One module a topic, with `main() -> int`."""
