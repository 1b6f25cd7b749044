"""`python tools/characters.py`: write bot/core/characters.py anew, from OpenCC's tables."""

from pathlib import Path
from textwrap import wrap

import opencc

FIRST, LAST = 0x3400, 0x9FFF
PLACE = Path(__file__).parents[1] / "bot" / "core" / "characters.py"
_HEAD = '''"""Traditional characters and the Simplified ones for them, in the same order: OpenCC's `t2s`, character by character.

OpenCC itself takes 6 MB that a question does not need; what it adds are the words in which a character becomes another
one than by itself, and `bot.core.text` knows those of them that questions hold. Made by `python tools/characters.py`.
OpenCC's tables are under the Apache License 2.0.
"""

'''


def pairs() -> list[tuple[str, str]]:
    """Return every character that OpenCC simplifies, with what it becomes."""
    characters = [chr(code) for code in range(FIRST, LAST + 1)]
    converted = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return [(a, b) for a, b in zip(characters, converted, strict=True) if a != b]


def source() -> str:
    """Return the module's text."""
    parts = [_HEAD]
    for name, side in (("TRADITIONAL", 0), ("SIMPLIFIED", 1)):
        lines = wrap("".join(pair[side] for pair in pairs()), 56)
        parts += [f"{name} = (\n", *(f'    "{line}"\n' for line in lines), ")\n"]
    return "".join(parts)


if __name__ == "__main__":
    PLACE.write_text(source(), "utf-8")
