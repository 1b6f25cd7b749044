"""What the store holds, as values, and the errors that a user may see."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.errors import UserError
from bot.core.glossary import Term
from bot.core.languages import Language

MOST_TERMS = 5000
"""Own terms that one server may have."""
MOST_HISTORY = 20_000
"""Changes that are kept of one server; of an interaction that stands at the border all are."""
MOST_GAPS = 1000
"""Gaps that are kept of one server: the newest."""
GAP_DAYS = 90
"""Days after which a gap that nobody asked for again is forgotten."""
LEFT_DAYS = 30
"""Days after which everything of a server that the bot has left is deleted."""


class Strictness(StrEnum):
    """How sure the bot must be before it speaks unasked in Q&A channels."""

    NORMAL = "normal"
    STRICT = "strict"
    """Only where a term is named as it is written, and the message asks about it."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What a server has chosen; the defaults are those of a server that has chosen nothing."""

    language: Language | None = None
    """None leaves it to Discord's setting of the server, and to the operator."""
    channels: frozenset[int] = frozenset()
    """Q&A channels and forums, beside those that the operator names."""
    strictness: Strictness = Strictness.NORMAL
    editor_role: int | None = None
    """A role that may change terms and see gaps, beside Manage Server."""
    gaps: bool = True
    """Whether questions that were not known are counted."""
    links: bool = False
    """Whether links in the server's own terms can be followed."""
    version: int = 0
    """Grows with every change; 0 where nothing was ever stored."""


@dataclass(frozen=True, slots=True)
class OwnTerm:
    """A server's own term as stored."""

    term: Term
    version: int
    """Grows with every change of this term, also over its removal."""
    changed_at: datetime
    changed_by: int
    """User id."""


class ChangeKind(StrEnum):
    """What was done to a term."""

    ADDED = "added"
    EDITED = "edited"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the history of a server's own terms."""

    id: int
    request: int
    """The interaction that made it; an import makes many changes with one id."""
    term_id: str
    kind: ChangeKind
    before: Term | None
    after: Term | None
    at: datetime
    by: int
    """User id; 0 once that user had their data erased."""


@dataclass(frozen=True, slots=True)
class Step:
    """Everything that one interaction changed: a single term, or a whole import."""

    last: Change
    """The last of its changes."""
    count: int
    """How many terms it changed."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that was asked and not known."""

    text: str
    count: int
    last_asked: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """A mistake that somebody reported."""

    id: int
    term_id: str
    text: str
    user: int
    server: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """How much is stored about a user and a server."""

    reports: int
    """Reports of the user, everywhere."""
    changes: int
    """Changes of own terms that carry the user's id, everywhere."""
    terms: int
    """Own terms of the server."""
    gaps: int
    """Gaps of the server."""
    settings: bool
    """Whether the server has changed its settings."""


class NotSavedError(UserError):
    """A write was refused, and nothing has changed; the cause is in the log."""

    def __init__(self) -> None:
        super().__init__(
            "Not saved, nothing changed: the storage is not available at the moment. Try again in a minute.",
            "没有保存，一切保持原样：存储暂时不可用，请过一分钟再试。",
        )


class UnsureError(UserError):
    """The storage went away in the middle of a write; whether it was done cannot be told."""

    def __init__(self) -> None:
        super().__init__(
            "The storage went away at the last moment, so I cannot tell whether this was saved. Look before you try again.",
            "存储在最后一刻中断，无法确定是否已保存。请先查看，再决定是否重试。",
        )


class UnreadableError(UserError):
    """What is stored cannot be read now."""

    def __init__(self) -> None:
        super().__init__(
            "What is stored cannot be read at the moment. Try again in a minute.",
            "暂时读不到已保存的内容，请过一分钟再试。",
        )


class ConflictError(UserError):
    """Somebody else changed it meanwhile; `current` is how it stands now, None where it was removed."""

    def __init__(self, current: OwnTerm | ServerSettings | None) -> None:
        super().__init__(
            "Not saved: somebody else changed this while you were editing. This is how it stands now; look at it and try again.",
            "没有保存：你编辑期间有别人修改了它。请先查看现在的内容再重试。",
        )
        self.current = current


class TakenError(UserError):
    """The server already has a term with that id."""

    def __init__(self, id_: str) -> None:
        super().__init__(
            f"Not saved: this server already has a term “{id_}”. Edit that one, or choose another name.",
            f"没有保存：本服务器已有术语“{id_}”。请编辑它，或换一个名称。",
        )
        self.id = id_


class FullError(UserError):
    """The server would have more own terms than it may."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"Not saved: this server would have {count} own terms; at most {MOST_TERMS} are kept.",
            f"没有保存：这样本服务器将有 {count} 个自定义术语，最多保存 {MOST_TERMS} 个。",
        )


class SchemaError(Exception):
    """The database cannot be used by this version of the program; the text says why and what to do."""
