"""Forms that were sent when the session had ended."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0004_kept_forms"
down_revision: Final = "0003_identities"


def upgrade() -> None:
    op.create_table(
        "kept_forms",
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("post", sa.Integer, nullable=False, index=True),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("kept_forms")
