"""`jejak init`: what docker-compose.yml needs beside it. A folder in; `.env`, `secrets/` and `certificates/` out, fresh where missing.

Nothing is asked and nothing is overwritten, so it may be run again: after an upgrade it makes what is new. Every password is drawn here;
there is none that anybody could know beforehand.
"""

import json
import os
import secrets
import tempfile
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jejak.authority import certify
from lane.settings import DESK, LANES
from web.keys import PRIVATE, PUBLIC, TRUSTED, make_desk_key, make_keys
from web.tokens import Role

ENV: Final = """\
# Written by `jejak init`; change it as you like. No secret lies here: those are in secrets/, one file each.

# The name under which people reach Jejak, and its certificate: "internal" (of Caddy's own authority), an e-mail address (public, by ACME),
# or the paths of your own certificate and key: /certificates/jejak.pem /certificates/jejak.key
SITE={site}
TLS=internal
HTTP_PORT=80
HTTPS_PORT=443

# Where the public finds the portal; with another HTTPS_PORT it belongs here too: https://{site}:8443/portal
JEJAK_PORTAL_PUBLIC_URL=https://{site}/portal

# The Kafka that this installation is; never change it.
KAFKA_CLUSTER_ID={cluster}

# Kafka's outer listener, for the systems of OPDs (its certificate is of certificates/kafka-authority.pem):
# COMPOSE_FILE=docker-compose.yml:docker-compose.kafka.yml
# KAFKA_PORT=9094
# or, with three brokers, the outer listener of each:
# COMPOSE_FILE=docker-compose.yml:docker-compose.cluster.yml:docker-compose.kafka-cluster.yml
# KAFKA_2_PORT=9096
# KAFKA_3_PORT=9097

# Settings of docs/for-operators.md that docker-compose.yml hands on may stand here: JEJAK_SLA_CALENDAR=office

# A provider of OpenID Connect, its secret for us in secrets/oidc-secret:
# JEJAK_LOGIN=oidc
# JEJAK_OIDC_ISSUER=https://…
# JEJAK_OIDC_CLIENT=jejak
# JEJAK_OIDC_GROUPS=atasan=atasan_ppid,ppid-setda=ketua_ppid:setda

# Files on the S3 server of the profile s3 instead of a volume:
# COMPOSE_PROFILES=s3
# JEJAK_FILES=s3://jejak/files
# JEJAK_S3_ENDPOINT=http://s3:8333
# JEJAK_S3_KEY_ID=jejak
"""
KEEP: Final = (
    "keep a copy of secrets/ where this server cannot lose it: without secrets/private.pem every token has to be made anew",
    "secrets/private.pem and secrets/desk.private.pem sign tokens: nobody else may have them",
    "next: docker compose up -d --wait",
)
CLOSED: Final = 0o700
"""The folder of the secrets. The files inside are readable for all, since each container reads its own as a user of its own."""


@dataclass(frozen=True)
class Installation:
    folder: Path
    site: str = "localhost"

    def make(self) -> Iterator[str]:
        """A line for each thing made. Raises OSError."""
        hidden = self.folder / "secrets"
        hidden.mkdir(mode=CLOSED, parents=True, exist_ok=True)
        hidden.chmod(CLOSED)
        (self.folder / "certificates").mkdir(mode=0o755, exist_ok=True)
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "0").replace("_", "0")
        yield from _once(self.folder / ".env", ENV.format(site=self.site, cluster=cluster), mode=0o644)
        yield from _once(hidden / "postgres", _password())
        for lane in (*LANES, DESK):
            yield from _once(hidden / f"store-{lane}", f"postgresql://jejak_{lane}:{_password()}@postgres/jejak")
        yield from _anew(
            hidden / "stores", " ".join(f"{lane}={(hidden / f'store-{lane}').read_text('utf-8').strip()}" for lane in (*LANES, DESK))
        )
        for user in (*LANES, DESK, "operator"):
            yield from _once(hidden / f"kafka-{user}", _password())
        yield from _outside(hidden / "outside.pem", self.folder / "certificates" / "kafka-authority.pem", self.site)
        yield from _once(hidden / "portal-token", "")
        yield from _once(hidden / "oidc-secret", "")
        yield from _once(hidden / "s3", _password())
        yield from _anew(hidden / "s3-server", _s3_server((hidden / "s3").read_text("utf-8").strip()))
        yield from _keys(hidden)


def _password() -> str:
    return secrets.token_urlsafe(32)


def _s3_server(secret: str) -> str:
    identity = {"name": "jejak", "credentials": [{"accessKey": "jejak", "secretKey": secret}], "actions": ["Admin"]}
    return json.dumps({"identities": [identity]})


def _outside(server: Path, authority: Path, site: str) -> Iterator[str]:
    """What OPDs meet at Kafka's outer listener, and what they trust it by."""
    if not server.exists():
        certified = certify(site)
        yield from _anew(authority, certified.authority.strip())
        yield from _anew(server, certified.server.strip())


def _keys(hidden: Path) -> Iterator[str]:
    """The pair that signs and checks tokens, and the desk's, which lanes trust by a file of their own."""
    made = not (hidden / PUBLIC).exists()
    make_keys(hidden)
    make_desk_key(hidden, [role.value for role in Role])
    hidden.chmod(CLOSED)
    for name in (PRIVATE, PUBLIC, f"{DESK}.{PRIVATE}", f"{TRUSTED}/{DESK}.json"):
        if (hidden / name).exists():
            (hidden / name).chmod(0o444)
    if made:
        yield f"made {hidden / PRIVATE} and {PUBLIC}"


def _once(path: Path, text: str, *, mode: int = 0o444) -> Iterator[str]:
    if not path.exists():
        yield from _anew(path, text, mode=mode)


def _anew(path: Path, text: str, *, mode: int = 0o444) -> Iterator[str]:
    """Whole or not at all, also when the machine stops meanwhile."""
    content = f"{text}\n" if text else ""
    if path.exists() and path.read_text("utf-8") == content:
        return
    said = "made" if not path.exists() else "written anew"
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".new-", delete=False) as draft:
        draft.write(content)
        draft.flush()
        os.fsync(draft.fileno())
    Path(draft.name).chmod(mode)
    Path(draft.name).replace(path)
    yield f"{said} {path}"
