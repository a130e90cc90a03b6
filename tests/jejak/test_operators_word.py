"""What the operator types and reads on the command line: no personal data is kept with it, and none is shown that was not asked for."""

from contextlib import closing
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from archive.context import AuditContext
from bus.kafka import Kafka
from events import dead_letters
from events.admission import Record
from events.journal import Journal
from events.stores import open_store
from jejak import bus_cli, dead_letters_cli

RAW = b'{"nik": "3313054107900001", "name": "Siti"'
PLACE = "opendata.submissions.v1/0@7"


@pytest.fixture
def context(tmp_path: Path) -> AuditContext:
    """A lane that set one record aside, and no Kafka."""
    address = f"sqlite:{tmp_path}/"
    with closing(open_store(address, "review")) as store:
        Journal(store, "review").replicate([Record("opendata.submissions.v1", 0, 7, b"3313054107900001", RAW, "c")])
    unused = cast("Any", None)
    return AuditContext(address, Kafka("127.0.0.1:9"), unused, unused, ["review"])


def typed(app: Typer, context: AuditContext, *words: str) -> Result:
    return CliRunner().invoke(app, words, obj=context)


@pytest.mark.parametrize(
    ("app", "words"),
    [
        (dead_letters_cli.app, ["discard", PLACE]),
        (dead_letters_cli.app, ["retry", PLACE]),
        (bus_cli.app, ["accept", PLACE, "--yes"]),
        (bus_cli.app, ["refill", "--yes"]),
    ],
)
def test_a_note_that_holds_personal_data_is_refused_as_over_http(app: Typer, words: list[str], context: AuditContext) -> None:
    done = typed(app, context, *words, "--note", "atas permintaan NIK 3313054107900001")
    assert (done.exit_code, "NIK" in done.stderr, "3313054107900001" in done.output) == (2, True, False)
    with closing(open_store(context.store_address, "review")) as store:
        assert [letter.acts for letter in dead_letters.listed(store)] == [()]


def test_what_a_record_holds_is_shown_only_when_asked_for(context: AuditContext) -> None:
    for words in (["show", PLACE], ["show", PLACE, "--json"]):
        done = typed(dead_letters_cli.app, context, *words)
        assert (done.exit_code, "unreadable" in done.stdout, "3313" in done.stdout) == (0, True, False)
    assert typed(dead_letters_cli.app, context, "show", PLACE, "--raw").stdout_bytes == RAW
    [told] = orjson.loads(typed(dead_letters_cli.app, context, "show", PLACE, "--raw", "--json").stdout)["items"]
    assert (told["text"], told["key"], told["bytes"]) == (RAW.decode(), "3313054107900001", len(RAW))
