"""The composed system as its users meet it: the whole way over TLS, who may see what, what a container may do, what it costs."""

import json
import re
import subprocess
import time
from typing import Any

import pytest

from bus.client import submit
from bus.kafka import KafkaError
from tests import containers
from tests.bus.guarded import sends
from tests.composed.lives import Lives
from tests.composed.system import JEJAK_IMAGE, LANES, SERVING, Composed, docker
from tests.receiver import spans_of
from tests.services.desk import CONTENT, form

pytestmark = pytest.mark.needs("docker")
MIB = 1 << 20


def test_from_the_agency_to_the_public_through_the_front_door(composed: Composed, opd: str) -> None:
    with composed.door() as door:
        published = Lives(door, opd).put_and_published(CONTENT)
        shown = door.public(published["files"][0]["url"])
        page = door.public(published["url"])
        catalogue = door.http.get("/portal/catalog.jsonld")

    assert shown.content == CONTENT
    assert f"Dinas {opd}" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert catalogue.headers["content-type"] == "application/ld+json"
    assert "semua utuh" in composed.jejak("audit", "verify").stdout


def test_one_submission_is_one_trace_of_all_the_containers(composed: Composed, opd: str) -> None:
    with composed.door() as door:
        submission_id = Lives(door, opd).live()
    trace = submission_id.replace("-", "")

    def told() -> set[tuple[str, str]]:
        spans = [span for path in (composed.folder / "spans").glob("*.otlp") for span in spans_of(path.read_bytes())]
        return {(span.service, span.name) for span in spans if span.trace == trace}

    written = {"intake": "DataSubmitted", "review": "DataRevised", "decision": "DataApproved", "publisher": "DataPublished"}
    composed.until(lambda: {(f"jejak-{lane}", name) for lane, name in written.items()} <= told(), "a span of each lane")


async def test_an_agency_submits_on_kafka_s_outer_listener_as_its_own_user(composed: Composed, opd: str) -> None:
    sent, own = form(opd=opd), composed.kafka_as(opd)

    (receipt,) = await submit(
        own, [(f"opd.{opd}.data-submitted.v1", None, json.dumps(sent).encode())], event_ids=[sent["event_id"]], timeout_s=60
    )

    assert receipt["outcome"] == "accepted"
    with composed.door() as door:
        composed.until(lambda: door.submission("review", receipt["submission_id"]), "review to see it")
        Lives(door, opd).walk(receipt["submission_id"])
    for topic in ("opd.dinas-lain.data-submitted.v1", "opendata.submissions.v1"):
        with pytest.raises((KafkaError, TimeoutError)):
            await sends(own, topic)
    with pytest.raises((KafkaError, OSError, TimeoutError)):
        await sends(composed.kafka_as(opd, password="salah"), f"opd.{opd}.data-submitted.v1")


def test_the_operators_commands_run_in_the_system(composed: Composed) -> None:
    token = composed.jejak("token", "add", "--name", "Inspektorat", "--role", "auditor").stdout.strip()

    with composed.door() as door:
        assert door.call("GET", "/archive/api/submissions/00000000-0000-0000-0000-000000000000/trail", token=token).status_code == 404
        assert door.call("GET", "/review/api/inbox", token=token).status_code == 200
        assert door.call("GET", "/review/api/inbox").status_code == 401
    answers = [json.loads(line) for line in composed.jejak("doctor", "--json").stdout.splitlines()]
    assert [answer for answer in answers if not answer["good"]] == []


def test_an_official_logs_in_on_the_pages(composed: Composed, opd: str) -> None:
    told = composed.jejak("user", "add", "ketua-uji", "--name", "Ketua Uji", "--role", "ketua_ppid", "--opd", opd, "--json").stdout
    password = json.loads(told.strip().splitlines()[-1])["first_password"]

    with composed.door() as door:
        assert door.http.get("/", follow_redirects=True).status_code == 200
        wrong = door.http.post(
            "/masuk", data={"nama_pengguna": "ketua-uji", "kata_sandi": "salah"}, headers={"Origin": str(door.http.base_url)}
        )
        right = door.http.post(
            "/masuk", data={"nama_pengguna": "ketua-uji", "kata_sandi": password}, headers={"Origin": str(door.http.base_url)}
        )

    assert wrong.status_code == 401
    assert (right.status_code, "Secure" in right.headers["set-cookie"]) == (303, True)


def test_the_desk_reads_the_log_as_its_own_user(composed: Composed, opd: str) -> None:
    with composed.door() as door:
        Lives(door, opd).submit(form(opd=opd))
    asked = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/metrics', timeout=5).read().decode())"
    taken = re.compile(r'^jejak_records_total\{lane="desk",loop="log",outcome="taken"\} [1-9]', re.MULTILINE)

    composed.until(lambda: taken.search(composed.compose("exec", "-T", "desk", "python", "-c", asked).stdout), "a record")
    assert composed.compose("exec", "-T", "desk", "python", "-m", "jejak.alive", "/healthz", check=False).returncode == 0


def test_what_is_meant_for_inside_stays_inside(composed: Composed) -> None:
    with composed.door() as door:
        inside = ("/metrics", "/healthz", "/readyz", "/docs", "/asyncapi", "/static/x", "/portal")
        statuses = {path: door.http.get(path).status_code for path in inside}

    assert statuses == {**dict.fromkeys(inside, 404), "/portal": 302}
    published = [
        line for line in composed.compose("ps", "--format", "{{.Service}} {{.Publishers}}").stdout.splitlines() if "127.0.0.1" in line
    ]
    assert [line.split()[0] for line in published] == ["front"]


def test_no_lane_reads_another_s_journal(composed: Composed) -> None:
    def asks(lane: str, schema: str) -> "subprocess.CompletedProcess[str]":
        password = re.search(r":([^:@]+)@", (composed.folder / "secrets" / f"store-{lane}").read_text("utf-8"))
        assert password
        question = f"SELECT count(*) FROM jejak_{schema}.stored_events"  # noqa: S608 (names of this test)
        return composed.compose(
            *("exec", "-T", "-e", f"PGPASSWORD={password[1]}", "postgres"),
            *("psql", "-h", "postgres", "-U", f"jejak_{lane}", "-d", "jejak", "-c", question),
            check=False,
        )

    assert {lane: asks(lane, lane).returncode for lane in LANES} == dict.fromkeys(LANES, 0)
    for lane, other in zip(LANES, (*LANES[1:], LANES[0]), strict=True):
        assert f"permission denied for schema jejak_{other}" in asks(lane, other).stderr


def test_containers_have_no_rights_and_show_no_secrets(composed: Composed) -> None:
    hidden = [path for path in (composed.folder / "secrets").iterdir() if path.is_file() and path.name != "public.pem"]
    secrets = [path.read_text("utf-8").strip() for path in hidden]
    for service in SERVING:
        found = composed.state(service)
        assert [secret for secret in secrets if secret and secret in json.dumps(found)] == [], service
        if service in (*LANES, "desk"):
            host = found["HostConfig"]
            assert (found["Config"]["User"], host["ReadonlyRootfs"], host["CapDrop"], host["Privileged"]) == ("jejak", True, ["ALL"], False)
            assert (host["RestartPolicy"]["Name"], "no-new-privileges:true" in host["SecurityOpt"]) == ("unless-stopped", True)
    assert _shell("touch /opt/jejak/x /x; id -u").split()[-1] == "10001"


def test_the_image_is_small_and_compiles_nothing() -> None:
    base = containers.image("PYTHON_IMAGE")
    assert base
    sizes = [json.loads(docker("image", "inspect", name))[0]["Size"] for name in (JEJAK_IMAGE, base)]

    assert sizes[0] - sizes[1] < 250 * MIB
    assert (
        _shell("for one in cc gcc g++ clang tcc make rustc go; do command -v $one; done; ls /opt/jejak/bin | grep -x 'pip.*'; true") == ""
    )


def test_it_fits_on_a_server_with_four_gigabytes(composed: Composed) -> None:
    limits = {service: composed.state(service)["HostConfig"]["Memory"] for service in SERVING}
    used = {}
    for service in SERVING:
        line = docker("stats", "--no-stream", "--format", "{{.MemPerc}}", composed.compose("ps", "-q", service).stdout.strip())
        used[service] = float(line.strip().rstrip("%"))

    assert min(limits.values()) > 0
    assert sum(limits.values()) < 3_900 * MIB
    assert {service: share for service, share in used.items() if share > 85} == {}


@pytest.mark.parametrize("service", ["review", *(pytest.param(name, marks=pytest.mark.long) for name in ("kafka", "postgres"))])
def test_a_stop_is_graceful(composed: Composed, service: str) -> None:
    began = time.monotonic()
    composed.compose("stop", service)
    took, state = time.monotonic() - began, composed.state(service)["State"]
    composed.up()

    assert took < (15 if service == "review" else 45)
    assert state["ExitCode"] in {0, 143}, "137: it was killed"


def _shell(script: str) -> str:
    run: Any = docker("run", "--rm", "--read-only", "--entrypoint", "sh", JEJAK_IMAGE, "-c", f"({script}) 2>/dev/null")
    return str(run)
