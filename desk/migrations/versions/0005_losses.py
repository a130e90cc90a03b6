"""By what a loss on Kafka is found, and what was lost: as in a lane's journal."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0005_losses"
down_revision: Final = "0004_kept_forms"


def upgrade() -> None:
    op.create_table(
        "marks",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("taken", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("proved", sa.BigInteger, nullable=False),
        sa.Column("proved_hash", sa.Text, nullable=False),
    )
    op.create_table(
        "batch_ends",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("taken", sa.BigInteger, primary_key=True),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.create_table(
        "losses",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("begins", sa.BigInteger, nullable=False),
        sa.Column("ends", sa.BigInteger, nullable=False),
        sa.Column("found_at", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("ended_at", "ended_by", "how", "note")),
    )
    is_open = sa.text("ended_at IS NULL")
    op.create_index("losses_open", "losses", ["source"], unique=True, sqlite_where=is_open, postgresql_where=is_open)


def downgrade() -> None:
    for name in ("losses", "batch_ends", "marks"):
        op.drop_table(name)
