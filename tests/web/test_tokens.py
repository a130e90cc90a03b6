"""A lane believes a token only when its signature, its claims, its time and its id are all good."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from web.keys import Signers, load_public, make_keys
from web.tokens import (
    Caller,
    Role,
    TokenRefused,
    check_person_id,
    issue,
    person_id,
    read_token,
)

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()
CLAIMS = {
    "iss": "jejak",
    "aud": "jejak",
    "sub": "tim-ppid@dispermades",
    "name": "Tim PPID",
    "role": "tim_ppid",
    "opd": "dispermades",
    "jti": "t-1",
    "iat": int(NOW.timestamp()),
    "exp": int((NOW + timedelta(days=30)).timestamp()),
}


def a_token(*, role: Role = Role.TIM_PPID, opd: str | None = "dispermades", days: int = 30) -> str:
    return issue(KEY, id="tim-ppid@dispermades", name="Tim PPID", role=role, opd=opd, issued_at=NOW, days=days, token_id="t-1")


def read(token: str | None, *, now: datetime = NOW, revoked: frozenset[str] = frozenset()) -> Caller:
    return read_token(Signers(KEY.public_key()), token, now=now, is_revoked=revoked.__contains__)


def refusal(token: str | None, *, now: datetime = NOW, revoked: frozenset[str] = frozenset()) -> str:
    with pytest.raises(TokenRefused) as refused:
        read(token, now=now, revoked=revoked)
    assert refused.value.message
    return refused.value.code


def signed(**claims: object) -> str:
    return jwt.encode({**CLAIMS, **claims}, KEY, algorithm="EdDSA")


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_good_token_names_its_caller() -> None:
    assert read(a_token()) == Caller(
        id="tim-ppid@dispermades",
        name="Tim PPID",
        role=Role.TIM_PPID,
        opd="dispermades",
        token_id="t-1",
        expires_at=NOW + timedelta(days=30),
    )


def test_a_role_of_the_regency_has_no_opd() -> None:
    assert read(a_token(role=Role.ATASAN_PPID, opd=None)).opd is None


@pytest.mark.parametrize("token", [None, ""])
def test_no_token(token: str | None) -> None:
    assert refusal(token) == "token_missing"


def test_a_token_expires_at_its_second() -> None:
    token = a_token(days=1)
    assert read(token, now=NOW + timedelta(days=1, seconds=-1)).token_id == "t-1"
    assert refusal(token, now=NOW + timedelta(days=1)) == "token_expired"


def test_a_revoked_token_is_refused_and_others_are_not() -> None:
    assert refusal(a_token(), revoked=frozenset({"t-1"})) == "token_revoked"
    assert read(a_token(), revoked=frozenset({"t-2"})).token_id == "t-1"


def test_a_token_from_a_clock_ahead_of_ours_is_good() -> None:
    assert read(a_token(), now=NOW - timedelta(minutes=5)).token_id == "t-1"


def test_a_token_signed_with_another_key() -> None:
    assert refusal(jwt.encode(CLAIMS, Ed25519PrivateKey.generate(), algorithm="EdDSA")) == "token_invalid"


@pytest.mark.parametrize("alg", ["none", "None", "NONE"])
def test_a_token_without_signature(alg: str) -> None:
    header = b64(json.dumps({"alg": alg, "typ": "JWT"}).encode())
    assert refusal(f"{header}.{b64(json.dumps(CLAIMS).encode())}.") == "token_invalid"


def test_the_public_key_is_no_shared_secret(tmp_path: Path) -> None:
    make_keys(tmp_path)
    body = b64(b'{"alg":"HS256","typ":"JWT"}') + "." + b64(json.dumps(CLAIMS).encode())
    public = load_public(tmp_path / "public.pem")
    for secret in ((tmp_path / "public.pem").read_bytes(), public.public_bytes_raw()):
        token = body + "." + b64(hmac.new(secret, body.encode(), hashlib.sha256).digest())
        with pytest.raises(TokenRefused, match="token_invalid"):
            read_token(Signers(public), token, now=NOW, is_revoked=lambda _: False)


def test_a_claim_changed_after_signing() -> None:
    header, _, signature = a_token().split(".")
    changed = b64(json.dumps({**CLAIMS, "opd": "dinkes"}).encode())
    assert refusal(f"{header}.{changed}.{signature}") == "token_invalid"


@pytest.mark.parametrize("claim", sorted(CLAIMS))
def test_a_missing_claim(claim: str) -> None:
    token = jwt.encode({name: value for name, value in CLAIMS.items() if name != claim}, KEY, algorithm="EdDSA")
    assert refusal(token) == "token_invalid"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"},
        {"aud": ["another"]},
        {"iss": "another"},
        {"role": "bupati"},
        {"role": "tim_ppid", "opd": None},
        {"role": "auditor", "opd": "dispermades"},
        {"opd": "Dispermades"},
        {"opd": "dispermades\n"},
        {"opd": "x" * 64},
        {"sub": ""},
        {"jti": ""},
        {"exp": "soon"},
        {"exp": 10**15},
        {"exp": -1},
        {"exp": True},
    ],
    ids=str,
)
def test_a_signed_token_with_claims_that_we_never_write(claims: dict[str, object]) -> None:
    assert refusal(signed(**claims)) == "token_invalid"


@pytest.mark.parametrize("header", [b"[" * 1400, b'{"alg":"EdDSA","x":' + b"9" * 3000 + b"}", b'{"alg":["EdDSA"]}', b"7"])
def test_a_header_made_to_break_the_parser(header: bytes) -> None:
    assert refusal(f"{b64(header)}.e30.AA") == "token_invalid"


@given(st.one_of(st.text(min_size=1), st.text("abc.=_-\ud800é", min_size=1), st.just("a" * 100_000)))
def test_noise_is_refused_and_nothing_else(noise: str) -> None:
    assert refusal(noise) == "token_invalid"


@pytest.mark.parametrize("role", list(Role))
def test_only_roles_of_an_opd_are_issued_with_one(role: Role) -> None:
    inside = role in {Role.TIM_PPID, Role.KETUA_PPID}
    assert read(a_token(role=role, opd="dispermades" if inside else None)).role is role
    with pytest.raises(ValueError, match="OPD"):
        a_token(role=role, opd=None if inside else "dispermades")


@pytest.mark.parametrize("opd", ["", "-dinkes", "Dinkes", "din kes", "dinkes\n", "dinkes/x", "x" * 64])
def test_an_opd_is_named_by_its_kode(opd: str) -> None:
    with pytest.raises(ValueError, match="OPD"):
        a_token(opd=opd)


def test_a_token_is_issued_for_at_least_a_second() -> None:
    with pytest.raises(ValueError, match="satu detik"):
        a_token(days=0)


@pytest.mark.parametrize("name", ["", " Budi", "Budi\n", "Bu\x00di", "x" * 201])
def test_a_name_that_an_event_could_not_carry_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="nama"):
        issue(KEY, id="x", name=name, role=Role.AUDITOR, opd=None, issued_at=NOW, days=1, token_id="t")


def test_a_person_is_named_after_name_and_opd() -> None:
    assert person_id("Tim PPID Dispermades") == "tim-ppid-dispermades"
    assert person_id("Drs. H. Sutarno, M.Si") == "drs-h-sutarno-m-si"
    with pytest.raises(ValueError, match="id"):
        person_id("!!!")


@pytest.mark.parametrize("text", ["budi", "budi.santoso", "sistem-dinkes-2", "b"])
def test_an_id_of_a_person(text: str) -> None:
    assert check_person_id(text) == text


@pytest.mark.parametrize("text", ["", "budi@setda", "system:intake", "Budi", "büdi", "budi ", "-budi", "budi.", "b" * 101, "budi\n"])
def test_what_is_no_id_of_a_person_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="satu orang memakai satu id"):
        check_person_id(text)
