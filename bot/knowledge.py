"""Opens the knowledge: the built-in terms, and folders of a team's own terms laid over them."""

from collections.abc import Sequence
from pathlib import Path

import tomli

from bot.core.glossary import Fault, Glossary, KnowledgeError, Term, read_categories, read_terms
from bot.core.rules import Trust, check, file_of

_PACKAGE = Path(__file__).parent


def data_folder(name: str) -> Path:
    """Return the folder `name` ("knowledge" or "config"): beside the package in a checkout, inside it in a wheel."""
    beside = _PACKAGE.parent / name
    return beside if (beside / "..").resolve() == _PACKAGE.parent and beside.is_dir() else _PACKAGE / "_data" / name


def load(knowledge: Path, own: Sequence[Path] = ()) -> Glossary:
    """Load the built-in terms of `knowledge` and lay the terms of each own folder over them, in order.

    Raises:
        KnowledgeError: with every fault of every file; nothing is loaded then.
    """
    terms, faults = read_terms(knowledge / "terms")
    categories, more = read_categories(knowledge / "categories.toml")
    faults += more
    glossary = Glossary({t.id: t for t in terms}, categories)
    for folder in own:
        theirs, found = _read_own(folder)
        faults += found
        glossary = Glossary({t.id: t for t in theirs}, {}).over(glossary)
    if not glossary.terms and not faults:
        faults.append(Fault(str(knowledge / "terms"), "", "holds no terms: check the folder of the knowledge"))
    if faults:
        raise KnowledgeError(faults)
    return glossary


def read_again(knowledge: Path, own: Sequence[Path] = ()) -> tuple[Glossary | None, list[Fault]]:
    """Read all that `load` reads, and the tables behind sizes and tokens; return it, or None and every fault.

    Whatever is refused here would keep the program from starting, or a command from working, as well.
    """
    faults = _table_faults(knowledge)
    try:
        glossary = load(knowledge, own)
    except KnowledgeError as error:
        return None, sorted([*faults, *error.faults])
    return (None if faults else glossary), faults


def _read_own(folder: Path) -> tuple[list[Term], list[Fault]]:
    if not folder.is_dir():
        return [], [Fault(str(folder), "", "is no folder: name a folder of term files")]
    terms, faults = read_terms(folder)
    faults += check(terms, {}, None, "own")
    return terms, [Fault(f"{folder.name}/{f.file}", f.field, f.message) for f in faults]


def faults_of(knowledge: Path, folder: Path | None = None) -> tuple[int, list[Fault]]:
    """Check the built-in knowledge, or the terms of `folder`; return how many terms there are, and every fault.

    Terms that lie in the folder of a category are judged like built-in ones, others as a team's own.
    """
    categories, faults = read_categories(knowledge / "categories.toml")
    trust, more = read_trust(knowledge / "hosts.toml")
    faults += more
    terms, found = read_terms(folder or knowledge / "terms")
    faults += found
    sorted_in = [t for t in terms if t.category]
    own = [t for t in terms if not t.category]
    if folder is None or sorted_in:
        faults += check(sorted_in, categories, trust, "built-in")
    if own:
        faults += check(own, categories, None, "own")
    if folder is None:
        faults += _table_faults(knowledge)
    return len({file_of(t) for t in terms} | {f.file for f in found}), sorted(faults)


def _table_faults(knowledge: Path) -> list[Fault]:
    """Return the faults of the tables behind sizes and tokens."""
    from bot.core import size_data, token_models

    faults = size_data.faults(knowledge)
    try:
        token_models.load(knowledge / "tokens.toml")
    except KnowledgeError as error:
        faults += error.faults
    return faults


def read_trust(path: Path) -> tuple[Trust, list[Fault]]:
    """Read the trusted hosts (`hosts`, and `plain_hosts` for sites without https)."""
    try:
        table = tomli.loads(path.read_text("utf-8"))
        return Trust(frozenset(table["hosts"]), frozenset(table.get("plain_hosts", ()))), []
    except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError, KeyError) as error:
        return Trust(frozenset()), [Fault(path.name, "", f"cannot be used: {error}")]
