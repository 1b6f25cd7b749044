"""What only /term shows. Traditional Chinese is converted."""

from collections.abc import Mapping, Sequence

from bot.cogs._texts import fill
from bot.core.languages import Language, traditional

_TEXTS: Mapping[str, tuple[str, str]] = {
    "form-new": ("A term of this server", "新增自定义术语"),
    "form-edit": ("Change a term", "修改术语"),
    "form-name": ("Name", "名称"),
    "form-others": ("Other names", "其他名称"),
    "form-others-hint": ("Abbreviations, the Chinese name …; separated by commas", "缩写、英文名等，用逗号隔开"),
    "form-short": ("Short explanation, English", "简短解释（英文）"),
    "form-short-zh": ("Short explanation, Chinese", "简短解释（中文）"),
    "form-more": ("Longer text and sources", "详细说明与来源"),
    "form-more-hint": ("Lines at the end that are only a link count as sources", "结尾处单独成行的链接视为来源"),
    "again": ("Try again with what I typed", "用刚才填写的内容重试"),
    "edit": ("Edit", "修改"),
    "remove": ("Remove", "删除"),
    "added": ("Saved. From now on it is answered here like this:", "已保存。从现在起，本服务器会这样回答："),
    "edited": ("Changed. It is answered here like this now:", "已修改。现在会这样回答："),
    "hides": (
        "On this server, your term is now the answer for {names}; the built-in one is still found by its other names.",
        "在本服务器，{names} 现在由你的术语回答；内置术语仍可用其他名称查到。",
    ),
    "changed-by": ("Changed by {user}.", "修改者：{user}。"),
    "changed-at": ("as of {at}", "截至 {at}"),
    "gone-meanwhile": ("The term was removed meanwhile; you can add it anew.", "这个术语期间被删除了，可以重新添加。"),
    "remove-sure": (
        "Remove this term? /term history can take it back.",
        "删除这个术语？之后可以用 /term history 撤销。",
    ),
    "removed": ("Removed: {name}.", "已删除：{name}。"),
    "not-there": ("This server has no such term of its own.", "本服务器没有这个自定义术语。"),
    "list": ("Own terms of this server ({count})", "本服务器的自定义术语（{count}）"),
    "list-empty": (
        "None yet. `/term add` adds one, `/term import` a whole glossary.",
        "还没有。用 `/term add` 添加一个，或用 `/term import` 导入整个词表。",
    ),
    "open": ("Open a term", "打开一个术语"),
    "page": ("page {page} of {pages}", "第 {page} / {pages} 页"),
    "history": ("Changes of this server's terms", "本服务器术语的修改记录"),
    "history-empty": ("Nothing has been changed yet.", "还没有任何修改。"),
    "history-added": ("added **{term}**", "添加 **{term}**"),
    "history-edited": ("changed **{term}** ({fields})", "修改 **{term}**（{fields}）"),
    "history-removed": ("removed **{term}**", "删除 **{term}**"),
    "history-many": ("{count} changes at once, such as **{term}**", "一次 {count} 处修改，例如 **{term}**"),
    "somebody": ("somebody", "某人"),
    "older": ("Older", "更早"),
    "undo": ("Take something back …", "撤销一项……"),
    "undone": ("Taken back. Terms that are as they were before: {count}.", "已撤销：{count} 个术语恢复原样。"),
    "nothing-undone": ("There was nothing to take back.", "没有可撤销的内容。"),
    "undo-conflict": (
        "Not taken back: one of these terms has changed since. Take back the newer change first, or edit the term.",
        "没有撤销：其中有术语之后又改过。请先撤销较新的修改，或直接编辑。",
    ),
    "preview": ("Import of {file}: what would be done", "导入 {file}：将会做的修改"),
    "preview-added": ("**{count} new**: {names}", "**新增 {count} 个**：{names}"),
    "preview-changed": ("**{count} changed**: {names}", "**修改 {count} 个**：{names}"),
    "preview-kept": (
        "**{count} there already and left as they are**: {names}",
        "**{count} 个已存在，保持不变**：{names}",
    ),
    "preview-same": ("{count} are there already, just the same.", "{count} 个已存在且完全相同。"),
    "preview-skipped": (
        "**{count} places of the file were skipped**:\n{lines}",
        "**文件中有 {count} 处被跳过**：\n{lines}",
    ),
    "preview-shared": (
        "**{count} names that another term of this server has, too** (typed alone, both are offered): {names}",
        "**{count} 个名称与本服务器的其他术语相同**（单独输入时会列出两者）：{names}",
    ),
    "preview-categories": (
        "Categories are not taken over: a server's own terms have none.",
        "分类不会导入：服务器自定义的术语没有分类。",
    ),
    "preview-nothing": ("Nothing would change.", "没有需要修改的内容。"),
    "import-yes": ("Import", "确认导入"),
    "import-no": ("Cancel", "取消"),
    "imported": (
        "Imported: {added} new, {changed} changed. `/term history` can take the whole import back.",
        "已导入：新增 {added} 个，修改 {changed} 个。可用 `/term history` 整体撤销。",
    ),
    "cancelled": ("Cancelled, nothing was changed.", "已取消，没有任何修改。"),
    "exported-parts": (
        "Terms: {count}, in {parts} files, since one import takes at most 5 MiB; this is number {number}.",
        "共 {count} 个术语，分成 {parts} 个文件（一次最多导入 5 MiB）；这是第 {number} 个。",
    ),
    "exported": (
        "Terms in this file: {count}. It can be imported again without loss.",
        "共 {count} 个术语。这个文件可以原样导入。",
    ),
}

_FIELDS: Mapping[str, tuple[str, str]] = {
    "name": ("name", "名称"),
    "name_zh": ("Chinese name", "中文名"),
    "full_name": ("full name", "全称"),
    "aliases": ("other names", "其他名称"),
    "aliases_zh": ("Chinese names", "其他中文名"),
    "shared": ("shared names", "共有名称"),
    "asked_as": ("questions", "问法"),
    "asked_as_zh": ("Chinese questions", "中文问法"),
    "everyday": ("ordinary word", "日常用词"),
    "short": ("explanation", "解释"),
    "short_zh": ("Chinese explanation", "中文解释"),
    "detail": ("longer text", "详细说明"),
    "detail_zh": ("Chinese longer text", "中文详细说明"),
    "related": ("related terms", "相关术语"),
    "sources": ("sources", "来源"),
    "as_of": ("date", "日期"),
}
_MOST_FIELDS = 4


def field_names(fields: Sequence[str], language: Language) -> str:
    """Return the first few fields of a term in words."""
    english, chinese = (
        zip(*(_FIELDS.get(f, (f, f)) for f in fields[:_MOST_FIELDS]), strict=True) if fields else ((), ())
    )
    if language == "en":
        return ", ".join(english)
    said = "、".join(chinese)
    return traditional(said) if language == "zh-TW" else said


def own_text(key: str, language: Language, **values: object) -> str:
    """Return a text of this module in `language`, its placeholders filled in."""
    return fill(_TEXTS[key], language, **values)
