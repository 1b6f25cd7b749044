"""`aiterms terms`: the list of terms on the terminal, or as JSON."""

from bot.answering import both_names
from bot.core.glossary import Glossary
from bot.core.languages import Language, traditional
from bot.plain import json_line


def print_terms(glossary: Glossary, category: str | None, language: Language, *, as_json: bool) -> None:
    """Print the terms of a category, or all of them by category; with `as_json` one object a line."""
    shown = [t for t in glossary if category in (None, t.category)]
    if as_json:
        for term in shown:
            print(json_line({"id": term.id, "names": term.names, **term.model_dump(mode="json")}))
        return
    order = {c: n for n, c in enumerate(glossary.categories)}
    last = None
    for term in sorted(shown, key=lambda t: (order.get(t.category, -1), t.name.casefold())):
        if term.category != last:
            gap = "" if last is None else "\n"
            print(f"{gap}{_heading(glossary, term.category, language)}")
            last = term.category
        print(f"  {both_names(term, language)}")


def _heading(glossary: Glossary, id_: str, language: Language) -> str:
    category = glossary.categories.get(id_)
    english, chinese = (category.name, category.name_zh) if category else ("Own terms", "自定义术语")
    if language == "en":
        return english
    return traditional(chinese) if language == "zh-TW" else chinese
