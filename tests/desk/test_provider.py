"""In through a real provider of OpenID Connect: groups become roles, and a provider's word takes over no account that is there."""

import asyncio
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from desk.clock import today
from desk.provider import Provider, groups_of
from tests.desk.alone import ADDRESS, Alone, desk_alone
from web.tokens import Role

pytestmark = pytest.mark.filterwarnings("ignore")  # the provider's own code, in a thread of this process
SECRET = "rahasia-penyedia"


@pytest.fixture
def client_id(iam_server: Any) -> Iterator[str]:
    with iam_server.app.app_context():
        client = iam_server.models.Client(
            client_id=f"jejak-{uuid.uuid4().hex[:6]}",
            client_secret=SECRET,
            client_name="Jejak",
            redirect_uris=[f"{ADDRESS}/masuk/kembali"],
            grant_types=["authorization_code"],
            response_types=["code"],
            token_endpoint_auth_method="client_secret_basic",
            scope=["openid", "profile", "groups"],
            client_id_issued_at=datetime.now(UTC),
        )
        iam_server.backend.save(client)
    yield client.client_id
    with iam_server.app.app_context():
        iam_server.backend.delete(client)


def provider(iam_server: Any, client_id: str, groups: str) -> Provider:
    return Provider(iam_server.url.rstrip("/"), client_id, SECRET, "akun kabupaten", "groups", groups_of(groups))


async def come_in(alone: Alone, iam_server: Any, browser: httpx.AsyncClient) -> httpx.Response:
    """There and back again, as a browser goes; the provider knows the person already."""
    there = await browser.get("/masuk/penyedia?kembali=/akun")
    assert there.status_code == 302, there.text
    async with httpx.AsyncClient() as elsewhere:
        answer = await elsewhere.get(there.headers["location"])
    assert answer.status_code == 302, answer.text[:500]
    return await browser.get(answer.headers["location"])


def somebody(iam_server: Any, name: str, group: str) -> Any:
    with iam_server.app.app_context():
        user = iam_server.models.User(
            user_name=name, family_name=name.title(), formatted_name=name.title(), emails=[f"{name}@example.id"], password="x" * 12
        )
        iam_server.backend.save(user)
        told = iam_server.backend.get(iam_server.models.Group, display_name=group) or iam_server.models.Group(
            display_name=group, members=[user]
        )
        told.members = [user]
        iam_server.backend.save(told)
        user = iam_server.backend.get(iam_server.models.User, user_name=name)
        user.groups = [told]
        iam_server.backend.save(user)
    iam_server.login(user)
    iam_server.consent(user)
    return user


async def test_a_group_is_a_role(iam_server: Any, client_id: str, tmp_path: Path) -> None:
    name, group = f"budi-{uuid.uuid4().hex[:4]}", f"ppid-{uuid.uuid4().hex[:4]}"
    await asyncio.to_thread(somebody, iam_server, name, group)
    given = provider(iam_server, client_id, f"{group}=ketua_ppid:setda,lain=auditor")
    async with desk_alone(tmp_path, provider=given) as alone, alone.browser() as browser:
        assert "Masuk dengan akun kabupaten" in (await browser.get("/masuk")).text
        answer = await come_in(alone, iam_server, browser)
        assert (answer.status_code, answer.headers["location"]) == (303, "/akun")
        assert "Ketua PPID Pelaksana" in (await browser.get("/akun")).text
        assert [(post.role, post.opd) for post in alone.desk.accounts.posts(name, today())] == [(Role.KETUA_PPID, "setda")]
        await come_in(alone, iam_server, browser)
        assert len(alone.desk.accounts.posts(name, today())) == 1


async def test_who_is_in_no_group_gets_nowhere(iam_server: Any, client_id: str, tmp_path: Path) -> None:
    await asyncio.to_thread(somebody, iam_server, f"siti-{uuid.uuid4().hex[:4]}", f"lain-{uuid.uuid4().hex[:4]}")
    async with desk_alone(tmp_path, provider=provider(iam_server, client_id, "ppid=auditor")) as alone, alone.browser() as browser:
        assert (await come_in(alone, iam_server, browser)).status_code == 403
        assert (await browser.get("/akun")).status_code == 303


async def test_an_account_that_is_there_is_not_taken_over(iam_server: Any, client_id: str, tmp_path: Path) -> None:
    name, group = f"tuti-{uuid.uuid4().hex[:4]}", f"ppid-{uuid.uuid4().hex[:4]}"
    await asyncio.to_thread(somebody, iam_server, name, group)
    async with desk_alone(tmp_path, provider=provider(iam_server, client_id, f"{group}=auditor")) as alone, alone.browser() as browser:
        alone.person(name, Role.ADMIN_OPENDATA)
        answer = await come_in(alone, iam_server, browser)
        assert answer.status_code == 403
        assert "sudah dipakai akun lain" in answer.text


async def test_an_answer_that_nobody_asked_for_is_none(iam_server: Any, client_id: str, tmp_path: Path) -> None:
    name, group = f"rudi-{uuid.uuid4().hex[:4]}", f"ppid-{uuid.uuid4().hex[:4]}"
    await asyncio.to_thread(somebody, iam_server, name, group)
    given = provider(iam_server, client_id, f"{group}=auditor")
    async with desk_alone(tmp_path, provider=given) as alone, alone.browser() as attacker, alone.browser() as victim:
        there = await attacker.get("/masuk/penyedia")
        async with httpx.AsyncClient() as elsewhere:
            back = (await elsewhere.get(there.headers["location"])).headers["location"]
        assert (await victim.get(back)).status_code == 401
        assert (await victim.get("/akun")).status_code == 303
        assert (await attacker.get(back)).status_code == 303
        assert (await attacker.get(back)).status_code == 401  # good once


async def test_without_a_provider_there_is_no_such_address(alone: Alone) -> None:
    async with alone.browser() as browser:
        assert (await browser.get("/masuk/penyedia")).status_code == 404
        assert (await browser.get("/masuk/kembali?code=x&state=y")).status_code == 404
