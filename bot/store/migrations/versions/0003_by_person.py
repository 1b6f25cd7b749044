"""What belongs to a person is found without going through everybody's."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the indexes."""
    if op.get_bind().dialect.name == "postgresql":
        # Bots of the version before may be writing. All that write to several of these tables come by this one first:
        # without it they and this would wait for each other.
        op.execute("LOCK TABLE servers IN EXCLUSIVE MODE")
    op.create_index("history_by", "history", ["by"])
    op.create_index("terms_changed_by", "terms", ["changed_by"])
    op.create_index("reports_user", "reports", ["user"])
    op.create_index("reports_server", "reports", ["server"])
