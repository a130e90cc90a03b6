"""The desk's own tables: who may come in, who is in, and what is not handed in yet. Nothing of the log lies here.

Times are milliseconds since 1970. Secrets that a browser holds (sessions, known devices) are kept as SHA-256 only.
"""

from typing import Final

import sqlalchemy as sa

METADATA: Final = sa.MetaData()

ACCOUNTS: Final = sa.Table(
    "accounts",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("password", sa.Text),
    sa.Column("must_change", sa.Boolean, nullable=False),
    sa.Column("language", sa.Text, nullable=False, server_default="id"),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("closed_ms", sa.BigInteger),
)
"""`id` is the person's id on the log and the name that is typed at login. `password`: argon2; none for those who come from a provider."""

POSTS: Final = sa.Table(
    "posts",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("account", sa.Text, sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("opd", sa.Text),
    sa.Column("letter", sa.Text),
    sa.Column("kind", sa.Text),
    sa.Column("from_day", sa.Date),
    sa.Column("to_day", sa.Date),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("ended_ms", sa.BigInteger),
)
"""What a person is: the own role, and those held for an absent official (Plh., Plt.) from a day to a day, by a letter of mandate."""

SESSIONS: Final = sa.Table(
    "sessions",
    METADATA,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("post", sa.Integer, sa.ForeignKey("posts.id"), nullable=False),
    sa.Column("via", sa.Text, nullable=False),
    sa.Column("agent", sa.Text, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("seen_ms", sa.BigInteger, nullable=False),
)

DEVICES: Final = sa.Table(
    "devices",
    METADATA,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
)
"""Browsers in which a person has come in before: guesses from elsewhere cannot lock these out."""

FAILURES: Final = sa.Table(
    "failures",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Index("failures_key", "key", "at_ms"),
)

DRAFTS: Final = sa.Table(
    "drafts",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("opd", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
    sa.Column("submission", sa.Text),
)
"""What a person is about to hand in. `id` becomes the event's id, so handing in twice is one submission. `submission`: its number."""

IDENTITIES: Final = sa.Table(
    "identities",
    METADATA,
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
)
"""Who a person is at a provider of OpenID Connect. A provider's word makes a new account; it never takes over one that is there."""
