"""The desk's own tables: who may come in, who is in, and what is not handed in yet. Nothing of the log lies here.

Times are milliseconds since 1970. Secrets that a browser holds (sessions, known devices) are kept as SHA-256 only.
"""

from typing import Final

import sqlalchemy as sa

from events import alarms, marks

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

KEPT_FORMS: Final = sa.Table(
    "kept_forms",
    METADATA,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("post", sa.Integer, nullable=False, index=True),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("fields", sa.Text, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
)
"""Forms that were sent when the session had ended, for a day; never a password."""

IDENTITIES: Final = sa.Table(
    "identities",
    METADATA,
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
)
"""Who a person is at a provider of OpenID Connect. A provider's word makes a new account; it never takes over one that is there."""

FOLLOWED: Final = sa.Table(
    "followed",
    METADATA,
    sa.Column("submission", sa.Text, primary_key=True),
    sa.Column("head", sa.Text, nullable=False),
    sa.Column("due_ms", sa.BigInteger, index=True),
    sa.Column("told", sa.Text, nullable=False, server_default=""),
)
"""Where each submission stands, as JSON of its head. `told`: the notice of its due time that was written last, for this step."""

POSITIONS: Final = sa.Table(
    "positions",
    METADATA,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("next", sa.BigInteger, nullable=False),
)
"""The next offset to read of each partition of the log."""

MARKS, ENDS, LOSSES = (table.to_metadata(METADATA) for table in (marks.MARKS, marks.ENDS, alarms.LOSSES))
"""By what a loss on Kafka is found, and what was lost, as in a lane's journal."""

TARGETS: Final = sa.Table(
    "targets",
    METADATA,
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
"""Where notices go, of a person or of a role. `url` holds a secret; wiped when the target ends. Until `next_ms` nobody else sends."""

NOTICES: Final = sa.Table(
    "notices",
    METADATA,
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
    sa.Index("notices_open", "target", "outcome"),
)
"""`outcome`: none until it is sent, past (the step was done before), or given_up."""
