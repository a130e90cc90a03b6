"""Who a person is at a provider of OpenID Connect."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0003_identities"
down_revision: Final = "0002_notices"


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("issuer", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, sa.ForeignKey("accounts.id"), nullable=False, index=True),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("identities")
