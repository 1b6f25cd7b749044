"""What people say to a bot rather than ask it."""

from bot.core import text

_SAID = (
    "help hi hello hey yo sup ping test start stop thanks thx ty cool nice ok okay lol",
    "thank you|thank you so much|thanks a lot|many thanks|good bot|bad bot|good job|well done|good morning|good night",
    "who are you|what are you|are you a bot|are you there|how are you|how do you work|how do i use you|how to use you",
    "what can you do|what do you do|what can i ask you|help me|can you help me|can you help|never mind|i love you",
    "帮助|你好|您好|嗨|哈喽|在吗|谢谢|谢谢你|多谢|感谢|测试|好的|早上好|晚上好|辛苦了|你好吗|帮帮我",
    "你是谁|你是什么|你会什么|你能做什么|你能干什么|怎么用|怎么用你|你怎么用|可以帮我吗",
)
_KEYS = frozenset(text.key(said) for line in _SAID for said in (line.split("|") if "|" in line else line.split()))


def is_small_talk(question: str) -> bool:
    """Tell whether a question is no more than a greeting, thanks, or a call for help."""
    return text.key(question) in _KEYS
