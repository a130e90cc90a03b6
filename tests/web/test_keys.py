"""Keys are made once and stay private; a lane believes whom its folder of signers names, for the roles named there, and nobody else."""

import multiprocessing
import uuid
from datetime import UTC, datetime
from pathlib import Path

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from web.keys import DESK, Signers, load_private, load_public, load_signer, load_signers, make_desk_key, make_keys
from web.tokens import Caller, Role, TokenRefused, issue, read_token

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
PEOPLE = ("tim_ppid", "ketua_ppid", "atasan_ppid", "admin_opendata", "auditor")


def test_keys_are_made_once_and_private(tmp_path: Path) -> None:
    keys = tmp_path / "var" / "keys"
    make_keys(keys)
    first = {path.name: path.read_bytes() for path in keys.iterdir()}
    make_keys(keys)
    assert {path.name: path.read_bytes() for path in keys.iterdir()} == first
    assert set(first) == {"private.pem", "public.pem"}
    assert keys.stat().st_mode & 0o777 == 0o700
    assert (keys / "private.pem").stat().st_mode & 0o777 == 0o600
    assert load_private(keys / "private.pem").public_key() == load_public(keys / "public.pem")


def test_a_crash_between_the_two_keys_is_mended(tmp_path: Path) -> None:
    make_keys(tmp_path)
    public = (tmp_path / "public.pem").read_bytes()
    (tmp_path / "public.pem").unlink()
    make_keys(tmp_path)
    assert (tmp_path / "public.pem").read_bytes() == public


def test_a_lane_with_the_public_key_alone_gets_no_private_one(tmp_path: Path) -> None:
    make_keys(tmp_path)
    (tmp_path / "private.pem").unlink()
    make_keys(tmp_path)
    assert not (tmp_path / "private.pem").exists()


def test_processes_that_start_at_once_share_one_pair(tmp_path: Path) -> None:
    for round_ in range(5):
        keys = tmp_path / str(round_)
        with multiprocessing.get_context("spawn").Pool(4) as pool:
            pool.map(make_keys, [keys] * 8, chunksize=1)
        assert load_private(keys / "private.pem").public_key() == load_public(keys / "public.pem")
        assert len(list(keys.iterdir())) == 2


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    make_keys(tmp_path)
    for load, name in ((load_private, "public.pem"), (load_public, "private.pem")):
        with pytest.raises(ValueError, match=r"\S"):
            load(tmp_path / name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_keys(tmp_path)
    make_desk_key(tmp_path, PEOPLE)
    return tmp_path


def desk_token(folder: Path, *, role: Role = Role.ATASAN_PPID, seconds: int = 300, kid: str | None = DESK, **more: object) -> str:
    said = {"via": ("desk", "password"), "acting": None} | more
    key = load_private(folder / "desk.private.pem")
    given = {"id": "sri", "name": "Sri", "role": role, "opd": None, "issued_at": NOW, "token_id": str(uuid.uuid4())}
    return issue(key, **given, seconds=seconds, kid=kid, **said)  # type: ignore[arg-type]


def read(signers: Signers, token: str) -> Caller:
    return read_token(signers, token, now=NOW, is_revoked=lambda _: False)


def is_refused(signers: Signers, token: str) -> bool:
    with pytest.raises(TokenRefused, match="token_invalid"):
        read(signers, token)
    return True


def test_the_desk_speaks_for_people_and_says_how_it_knew_them(folder: Path) -> None:
    caller = read(load_signers(folder), desk_token(folder, acting="800/123/2026"))
    assert (caller.id, caller.role, caller.via, caller.acting) == ("sri", Role.ATASAN_PPID, ("desk", "password"), "800/123/2026")


def test_the_key_of_the_desk_is_made_once_and_private(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert make_desk_key(folder, PEOPLE).public_key() == load_signer(folder / "trusted" / "desk.json").public_key
    assert {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert set(before) == {"private.pem", "public.pem", "desk.private.pem", "desk.json"}
    assert (folder / "desk.private.pem").stat().st_mode & 0o777 == 0o600


def test_processes_that_start_at_once_make_one_key_of_the_desk(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        made = pool.map(_desk_key_in, [tmp_path] * 8, chunksize=1)
    assert set(made) == {load_signer(tmp_path / "trusted" / "desk.json").public_key.public_bytes_raw()}


def _desk_key_in(folder: Path) -> bytes:
    return make_desk_key(folder, PEOPLE).public_key().public_bytes_raw()


def test_a_crash_before_the_private_key_lay_there_is_mended(folder: Path) -> None:
    (folder / "desk.private.pem").unlink()
    make_desk_key(folder, PEOPLE)
    assert read(load_signers(folder), desk_token(folder)).id == "sri"


def test_taking_the_desks_key_out_locks_the_desk_out_at_once_and_for_good_and_no_system(folder: Path) -> None:
    signers, token = load_signers(folder), desk_token(folder)
    own = issue(load_private(folder / "private.pem"), id="s", name="S", role=Role.AUDITOR, opd=None, issued_at=NOW, days=1, token_id="t")
    assert read(signers, token).id == "sri"
    (folder / "trusted" / "desk.json").unlink()
    make_desk_key(folder, PEOPLE)  # the desk starts again

    assert is_refused(signers, token)
    assert is_refused(load_signers(folder), desk_token(folder))
    assert read(signers, own).id == "s"


def test_a_changed_file_of_a_signer_counts_at_once(folder: Path) -> None:
    signers, token, file = load_signers(folder), desk_token(folder), folder / "trusted" / "desk.json"
    assert read(signers, token).id == "sri"
    told = orjson.loads(file.read_bytes())
    file.write_bytes(orjson.dumps(told | {"roles": ["tim_ppid", "auditor"]}))

    assert is_refused(signers, token)
    assert read(signers, desk_token(folder, role=Role.AUDITOR)).role is Role.AUDITOR


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b'{"public_key": "x", "roles": ["auditor"]}', b'{"public_key": "x", "roles": []}']
)
def test_a_file_of_a_signer_that_cannot_be_read_is_no_signer(folder: Path, content: bytes) -> None:
    file = folder / "trusted" / "desk.json"
    file.write_bytes(content)
    assert is_refused(load_signers(folder), desk_token(folder))
    with pytest.raises(ValueError, match=r"desk\.json"):
        load_signer(file)


def test_a_signer_with_another_kind_of_key_is_refused(folder: Path) -> None:
    pem = X25519PrivateKey.generate().public_key()
    text = pem.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    file = folder / "trusted" / "other.json"
    file.write_bytes(orjson.dumps({"public_key": text, "roles": ["auditor"]}))
    with pytest.raises(ValueError, match="Ed25519"):
        load_signer(file)


@pytest.mark.parametrize("kid", ["unknown", "../public", "desk\n", "", "x" * 64, "Desk", "trusted/desk", None])
def test_a_key_id_that_names_no_signer_or_another_one(folder: Path, kid: str | None) -> None:
    claims = jwt.decode(desk_token(folder), options={"verify_signature": False})
    token = jwt.encode(claims, load_private(folder / "desk.private.pem"), "EdDSA", {"kid": kid} if kid is not None else None)
    assert is_refused(load_signers(folder), token)


def test_a_signer_cannot_use_anothers_key_id(folder: Path) -> None:
    stranger = Ed25519PrivateKey.generate()
    claims = jwt.decode(desk_token(folder), options={"verify_signature": False})
    assert is_refused(load_signers(folder), jwt.encode(claims, stranger, "EdDSA", {"kid": "desk"}))
    assert is_refused(load_signers(folder), jwt.encode(claims, load_private(folder / "private.pem"), "EdDSA", {"kid": "desk"}))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(NOW.timestamp()) + 301},
        {"exp": int(NOW.timestamp()) + 1, "iat": int(NOW.timestamp()) + 1},
        {"via": ["password"]},
        {"via": []},
        {"via": ["desk", "pass\nword"]},
        {"via": ["desk", ""]},
        {"via": ["desk"] * 6},
        {"via": "desk"},
        {"acting": ""},
        {"acting": " 800/1"},
        {"name": "Sri\n"},
    ],
    ids=str,
)
def test_what_a_signer_may_not_say(folder: Path, claims: dict[str, object]) -> None:
    good = jwt.decode(desk_token(folder), options={"verify_signature": False})
    key, signers = load_private(folder / "desk.private.pem"), load_signers(folder)
    assert read(signers, jwt.encode(good, key, "EdDSA", {"kid": "desk"})).id == "sri"
    assert is_refused(signers, jwt.encode(good | claims, key, "EdDSA", {"kid": "desk"}))


@pytest.mark.parametrize(
    "said",
    [{"seconds": 301}, {"seconds": 0}, {"via": ()}, {"via": ("password",)}, {"kid": "Desk"}, {"acting": ""}, {"via": ("desk", "a\nb")}],
    ids=str,
)
def test_what_no_signer_signs(folder: Path, said: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        desk_token(folder, **said)  # type: ignore[arg-type]
