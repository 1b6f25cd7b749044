"""The texts that only Discord shows: commands, buttons, notices. Traditional Chinese is converted."""

from collections.abc import Mapping

import discord
from discord import app_commands

from bot.core.errors import UserError
from bot.core.languages import Language, traditional

# English as registered by default: Simplified Chinese. Names are lower case; the other limits are Discord's.
COMMANDS: Mapping[str, str] = {
    # names
    "define": "术语",
    "compare": "对比",
    "terms": "术语表",
    "about": "关于",
    "privacy": "隐私",
    "Explain AI terms": "解释 AI 术语",
    "term": "术语",
    "language": "语言",
    "private": "私密",
    "first": "第一个",
    "second": "第二个",
    "category": "分类",
    # descriptions
    "Explain an AI term, with sources": "解释一个 AI 术语，并附来源",
    "The term, however you spell it, in English or Chinese": "术语，中英文均可，写法不必准确",
    "The language of the answer": "回答的语言",
    "Show the answer only to you": "只显示给自己",
    "Show two terms side by side": "并排对比两个术语",
    "The first term": "第一个术语",
    "The second term": "第二个术语",
    "Browse the terms": "浏览全部术语",
    "Only the terms of this category": "只看这一分类",
    "What this bot is, its version and its knowledge": "本机器人的介绍、版本与知识日期",
    "What this bot stores about you and this server": "本机器人会保存哪些数据",
}

_TEXTS: Mapping[str, tuple[str, str]] = {
    "more": ("More", "展开"),
    "other-language": ("中文", "English"),
    "wrong": ("Something wrong?", "内容有误？"),
    "related": ("Related terms", "相关术语"),
    "remove": ("Remove", "删除"),
    "report-title": ("Report a mistake", "反馈错误"),
    "report-label": ("What is wrong, and where did you read it?", "哪里有误？依据是什么？"),
    "report-hint": (
        "Stored for the people who keep the glossary: this text, the term, your id, the server's id.",
        "将保存这段文字、术语、你的 ID 和服务器 ID，供词库维护者查看。",
    ),
    "report-thanks": (
        "Thank you. This was recorded for the people who keep the glossary:\n{text}",
        "谢谢，以下内容已记录，供词库维护者查看：\n{text}",
    ),
    "report-empty": ("There was no text in the report, so nothing was recorded.", "反馈内容为空，没有记录。"),
    "cooldown": ("Too many questions at once. Try again in {seconds} s.", "提问太频繁，请 {seconds} 秒后再试。"),
    "failed": (
        "Sorry, something went wrong on my side. If it happens again, tell the operator this reference: {reference}",
        "抱歉，我这边出错了。如果再次出现，请把这个编号告诉管理员：{reference}",
    ),
    "not-allowed": ("You may not use this here.", "你没有在这里使用它的权限。"),
    "unknown-command": (
        "This command has changed. Reload Discord (Ctrl+R, or restart the app) and try again.",
        "这个命令已更新。请刷新 Discord（Ctrl+R 或重启应用）后再试。",
    ),
    "old-button": (
        "This button belongs to an older version. Ask again with /define.",
        "这个按钮已失效，请用 /define 重新查询。",
    ),
    "term-gone": ("This term is no longer in the glossary.", "词库里已没有这个术语。"),
    "not-yours": (
        "Only the person who asked, or a moderator, can remove this.",
        "只有提问者或管理员可以删除这条回答。",
    ),
    "no-terms-in-message": ("I found no AI term that I know in that message.", "这条消息里没有我知道的 AI 术语。"),
    "terms-in-message": ("AI terms in that message", "这条消息中的 AI 术语"),
    "one-each": (
        "Give one term on each side, for example `/compare first:LoRA second:QLoRA`.",
        "两边请各填一个术语，例如 `/compare first:LoRA second:QLoRA`。",
    ),
    "and-more": ("\n\n… and {count} more.", "\n\n……另有 {count} 个。"),
    "all-terms": ("AI terms", "AI 术语"),
    "open-term": ("Open a term", "打开一个术语"),
    "page": ("page {page} of {pages}", "第 {page} / {pages} 页"),
    "category-unknown": (
        "There is no category “{name}”. Choose one of the list.",
        "没有“{name}”这个分类，请从列表中选择。",
    ),
    "suggest-title": ("Which one do you mean?", "你想问的是哪一个？"),
    "mention-help": (
        "Ask me about an AI term, for example: {mention}what is RLHF. Or use `/define`.",
        "想问哪个 AI 术语？例如：{mention}RLHF 是什么。也可以用 `/define`。",
    ),
    "cut": ("…", "……"),
    "about": (
        (
            "I explain AI terms in English and Chinese, with sources. Type `/define` and a term, mention me, or write to me "
            "directly. I say so when I am not sure.\n\nVersion {version} · {count} terms, last checked {date}"
        ),
        (
            "我用中英文解释 AI 术语，并附来源。输入 `/define` 加术语、@我，或直接私信我即可；不确定时我会直说。\n\n"
            "版本 {version} · {count} 个术语，最近查证 {date}"
        ),
    ),
    "for-operator": ("**For you, who run me:** {state}", "**目前状态（只有机器人的主人看得到）：** {state}"),
    "left-alone": (
        "Channels that refuse my messages, so I leave them alone for a while: {channels}",
        "以下频道拒绝了我的消息，我会暂停一段时间：{channels}",
    ),
    "privacy": (
        (
            "**What I keep of you:** mistakes that you report with the button (your text, the term, your id, the server's id), and your "
            "id beside changes that you make to a server's own terms. Questions, texts and files are handled in memory and forgotten.\n"
            "**What I keep of a server:** its settings, its own terms and their history, and terms that were asked and not known, "
            "without who asked. All of it is deleted 30 days after I leave.\n"
            "**What I read:** the commands you send me, messages that mention me or reply to me, direct messages, messages on "
            "which you use “Explain AI terms” or “Count tokens”, files that you attach to a command, and messages in Q&A channels."
        ),
        (
            "**关于你保存什么**：通过按钮提交的纠错（你写的文字、术语、你的 ID、服务器 ID），以及修改服务器自定义术语时你的 ID。提问、文字和文件都在内存中"
            "处理后即丢弃。\n"
            "**关于服务器保存什么**：设置、自定义术语及其修改记录，以及问过而词库里没有的词（不记是谁问的）。我离开服务器满 30 天即全部删除。\n"
            "**读取什么**：你发给我的命令、@我或回复我的消息、私信、你用“解释 AI 术语”或“统计 token 数”选中的消息、随命令附上的文件，以及问答频道中的消息。"
        ),
    ),
}


def text(key: str, language: Language, **values: object) -> str:
    """Return a text of this module in `language`, its placeholders filled in."""
    return fill(_TEXTS[key], language, **values)


def fill(pair: tuple[str, str], language: Language, **values: object) -> str:
    """Return an English or Chinese text with its placeholders filled in; what people wrote stays as they wrote it."""
    english, chinese = pair
    if language == "en":
        return english.format(**values)
    return (traditional(chinese) if language == "zh-TW" else chinese).format(**values)


def told(error: UserError, language: Language) -> str:
    """Return what an error tells the user, in `language`."""
    return traditional(error.zh) if language == "zh-TW" else error.text(language)


class Translator(app_commands.Translator):
    """Gives Discord the Chinese names and descriptions of the commands; English is what they are registered with."""

    def __init__(self, *, traditional: bool = True) -> None:
        """Translate; without `traditional` only to what is written here, and not to what is converted from it."""
        self._traditional = traditional

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Return the text for `locale`, or None to leave the default."""
        _ = context
        if locale is discord.Locale.american_english:
            return string.message
        # What stands beside the text is meant for that place: "term" is an option of /define, and a command of its own.
        chinese = string.extras.get("zh") or COMMANDS.get(string.message)
        if chinese is None:
            return None
        if locale is discord.Locale.chinese:
            return chinese
        return traditional(chinese) if locale is discord.Locale.taiwan_chinese and self._traditional else None
