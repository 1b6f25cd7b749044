"""The tables, as the newest revision of the migrations leaves them; a test compares the two.

Times are whole seconds since 1970 UTC, so that both databases hold the same. Terms are JSON with escapes only, so that
whatever can be typed can be stored (PostgreSQL takes no NUL in a text).
"""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

HEAD = "0003"
"""The newest revision that this program knows."""

metadata = MetaData()
_Key = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column of this very type."""

servers = Table(
    "servers",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("settings", Text, nullable=False, server_default="{}"),
    Column("settings_version", Integer, nullable=False, server_default="0"),
    # Grows with every change of a term: it also numbers the versions of the terms.
    Column("terms_version", Integer, nullable=False, server_default="0"),
    Column("left_at", BigInteger),
)

terms = Table(
    "terms",
    metadata,
    Column("server", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(100), primary_key=True),
    Column("body", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("changed_by", BigInteger, nullable=False),
    Index("terms_changed_by", "changed_by"),
)

history = Table(
    "history",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("server", BigInteger, nullable=False),
    Column("request", BigInteger, nullable=False),
    Column("term_id", String(100), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("version", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", BigInteger, nullable=False),
    Index("history_of_server", "server", "id"),
    Index("history_by", "by"),
)

requests = Table(
    "requests",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
)

gaps = Table(
    "gaps",
    metadata,
    Column("server", BigInteger, primary_key=True, autoincrement=False),
    Column("text", String(80), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_asked", BigInteger, nullable=False),
)

reports = Table(
    "reports",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("term_id", String(100), nullable=False),
    Column("text", Text, nullable=False),
    Column("user", BigInteger, nullable=False),
    Column("server", BigInteger),
    Column("at", BigInteger, nullable=False),
    Column("request", BigInteger, nullable=False),
    UniqueConstraint("request", name="reports_request"),
    Index("reports_user", "user"),
    Index("reports_server", "server"),
)
