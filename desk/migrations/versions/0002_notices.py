"""What the desk follows, targets of notices, and the notices themselves."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002_notices"
down_revision: Final = "0001"


def upgrade() -> None:
    op.create_table(
        "followed",
        sa.Column("submission", sa.Text, primary_key=True),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("due_ms", sa.BigInteger, index=True),
        sa.Column("told", sa.Text, nullable=False, server_default=""),
    )
    op.create_table("positions", sa.Column("source", sa.Text, primary_key=True), sa.Column("next", sa.BigInteger, nullable=False))
    op.create_table(
        "targets",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("account", sa.Text, sa.ForeignKey("accounts.id")),
        sa.Column("role", sa.Text),
        sa.Column("opd", sa.Text),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_ms", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("claim", sa.Text, nullable=False, server_default=""),
        sa.Column("ended_ms", sa.BigInteger),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("submission", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("target", sa.Integer, sa.ForeignKey("targets.id"), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("outcome", sa.Text),
        sa.UniqueConstraint("submission", "sequence", "what", "target"),
    )
    op.create_index("notices_open", "notices", ["target", "outcome"])


def downgrade() -> None:
    for name in ("notices", "targets", "positions", "followed"):
        op.drop_table(name)
