"""What people write on Discord, without what Discord puts into it."""

import re

# What stands for a person, role, channel, command, emoji or time in the text of a message.
_MARKUP = re.compile(r"<(?:@[!&]?\d+|#\d+|/[^:<>]{1,100}:\d+|a?:\w{1,40}:\d+|t:-?\d+(?::\w)?|id:\w+)>")


def without_markup(content: str) -> str:
    """Return what a message says in words."""
    return _MARKUP.sub(" ", content).strip()
