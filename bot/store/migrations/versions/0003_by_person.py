"""What belongs to a person is found without going through everybody's."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the indexes."""
    op.create_index("history_by", "history", ["by"])
    op.create_index("terms_changed_by", "terms", ["changed_by"])
    op.create_index("reports_user", "reports", ["user"])
    op.create_index("reports_server", "reports", ["server"])
