"""The form of a dataset loses nothing: every field of the contract comes back from metadata to form to metadata as it was."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from desk.casework import changes, said_of
from desk.forms import Typed
from desk.metadata import COLUMN, KNOWN, changes_between, columns_of, dataset_of, personal_choices, values_of
from desk.speech import Speech
from desk.words import CLASSES, FATES, FREQUENCIES, TYPES
from events.metadata import Column, Dataset
from tests.events.given import DATASET

LINE = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=40).map(str.strip).filter(bool)
LINES = st.lists(LINE, min_size=1, max_size=3).map("\n".join)
COLUMNS = st.lists(
    st.fixed_dictionaries(
        {"name": LINE, "type": st.sampled_from(sorted(TYPES)), "description": LINE},
        optional={"title": LINE, "unit": LINE, "required": st.booleans(), "key": st.booleans()},
    ),
    min_size=1,
    max_size=4,
)
DATASETS = st.fixed_dictionaries(
    {
        "dataset_id": st.from_regex(r"[a-z0-9][a-z0-9_-]{1,20}", fullmatch=True),
        "title": LINE,
        "summary": LINES,
        "keywords": st.lists(LINE, min_size=1, max_size=4),
        "section": LINE,
        "responsible": st.fixed_dictionaries({"position": LINE, "email": st.just("bidang@dinas.example.id")}),
        "period_start": st.dates().map(str),
        "period_end": st.dates().map(str),
        "frequency": st.sampled_from(sorted(FREQUENCIES)),
        "regions": st.lists(st.sampled_from(["33.13", "33.13.01", "33.13.02.2001"]), min_size=1, max_size=3),
        "information_class": st.sampled_from([*CLASSES, "dikecualikan"]),
        "license": LINE,
        "personal_data": st.fixed_dictionaries({"contains": st.booleans()}, optional={"deidentified": st.booleans()}),
    },
    optional={
        "theme": LINE,
        "source": LINES,
        "method": LINES,
        "version": LINE,
        "columns": COLUMNS,
        "retention": st.fixed_dictionaries({"code": LINE, "active": LINE, "inactive": LINE, "fate": st.sampled_from(sorted(FATES))}),
    },
)


def typed(dataset: dict[str, Any], blank: int = 3) -> Typed:
    """As a browser sends the form that shows it; a chosen answer is one of those that are offered."""
    values = values_of(dataset)
    assert not values["personal_data"] or values["personal_data"] in personal_choices(values["personal_data"])
    cells = {f"columns.{n}.{name}": row[name] for n, row in enumerate(columns_of(dataset, blank)) for name in COLUMN}
    return Typed((*values.items(), *cells.items()))


@given(DATASETS)
@settings(max_examples=300, deadline=None)
def test_every_field_comes_back(dataset: dict[str, Any]) -> None:
    assert dataset_of(typed(dataset)) == dataset
    assert changes_between(dataset, dataset_of(typed(dataset))) == {}


@given(DATASETS, DATASETS)
@settings(max_examples=100, deadline=None)
def test_a_revision_s_changes_lead_from_the_one_to_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    changed = changes_between(before, dataset_of(typed(after)))
    told = {name: value for name, value in (before | changed).items() if value is not None}
    assert told == after


def test_the_form_knows_every_field_of_the_contract() -> None:
    assert set(Dataset.model_fields) == KNOWN
    assert set(Column.model_fields) == set(COLUMN)


def test_what_a_later_version_knows_of_a_column_stays_when_it_is_revised() -> None:
    column = {"name": "kode", "type": "string", "description": "Kode", "later": "x", "unit": "orang"}
    before = DATASET | {"columns": [column]}
    after = dataset_of(typed(before))
    assert changes_between(before, after) == {}
    del after["columns"][0]["unit"]
    assert changes_between(before, after) == {"columns": [{name: value for name, value in column.items() if name != "unit"}]}


def test_line_ends_of_another_system_are_no_change() -> None:
    before = DATASET | {"summary": "satu\r\ndua", "title": "Dua\nbaris"}
    fields = tuple((name, value.replace("\r\n", "\n")) for name, value in typed(before).fields)
    assert changes_between(before, dataset_of(Typed(fields))) == {}


def test_nothing_is_said_of_personal_data_before_a_person_says_it() -> None:
    assert "personal_data" not in dataset_of(Typed(()))
    assert set(personal_choices("")) == {"none", "deidentified", "contains"}


class Read(tuple[tuple[str, str], ...]):
    """Fields that count how often they are gone through."""

    __slots__ = ()
    times = 0

    def __iter__(self) -> Iterator[tuple[str, str]]:
        Read.times += 1
        return super().__iter__()

    def __reversed__(self) -> Iterator[tuple[str, str]]:
        Read.times += 1
        return iter(self[::-1])


def test_a_thousand_columns_are_read_at_once() -> None:
    """However many columns there are, the fields are gone through as often."""

    def times(count: int) -> int:
        columns = [{"name": f"k{n}", "type": "string", "description": "Arti", "title": "Judul", "required": True} for n in range(count)]
        form, Read.times = Typed(Read(typed({"columns": columns}).fields)), 0
        assert len(dataset_of(form)["columns"]) == count
        return Read.times

    assert times(1_000) == times(1) > 0


@given(COLUMNS, COLUMNS)
@settings(max_examples=100, deadline=None)
def test_what_changed_in_a_column_is_seen_whatever_it_is(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    """By name; of what is true or false only that it is said and true can be seen."""
    told = changes({"dataset": {"columns": before}, "files": []}, {"dataset": {"columns": after}, "files": []}, Speech("id"))
    was, now = ({column["name"]: {k: v for k, v in column.items() if v is not False} for column in columns} for columns in (before, after))
    assert {change.field for change in told} == {f"columns.{name}" for name in was | now if was.get(name) != now.get(name)}


@given(DATASETS)
def test_who_decides_is_shown_every_field(dataset: dict[str, Any]) -> None:
    told = [(name, value) for name, _, value in said_of(dataset)]
    whole = {name.partition(".")[0] for name, _ in told} | {"title", "columns"}
    assert whole >= dataset.keys()
    assert {name.partition(".")[2]: value for name, value in told if name.startswith("responsible.")} == dataset["responsible"]


def test_yes_is_an_answer_only_where_one_is_asked_for() -> None:
    row = {"name": "tidak", "type": "string", "description": "ya", "unit": "ya", "required": "ya"}
    told = dataset_of(Typed(tuple((f"columns.0.{name}", value) for name, value in row.items())))
    assert told["columns"] == [row | {"required": True}]
