"""Gaps and reports, and when the bot left a server."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables, add the column."""
    key = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.add_column("servers", sa.Column("left_at", sa.BigInteger))
    op.create_table(
        "gaps",
        sa.Column("server", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("text", sa.String(80), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("last_asked", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "reports",
        sa.Column("id", key, primary_key=True),
        sa.Column("term_id", sa.String(100), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("user", sa.BigInteger, nullable=False),
        sa.Column("server", sa.BigInteger),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("request", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("request", name="reports_request"),
    )
