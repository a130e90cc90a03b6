"""The watchman is watched: every kind of change that someone would not survive is caught, and harmless ones are let through."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jejak.asyncapi import schemas
from tests.events.schema_diff import FOR_EVENTS, FOR_READERS_AND_EVENTS, breaks, changes

Doc = dict[str, Any]
OLD: Doc = {
    "type": "object",
    "required": ["id", "kind"],
    "properties": {
        "id": {"type": "string", "pattern": "^a+$", "maxLength": 9, "minLength": 1},
        "kind": {"enum": ["one", "two"], "type": "string"},
        "count": {"type": "integer", "minimum": 1, "maximum": 5},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3},
        "inner": {"$ref": "#/$defs/Inner"},
    },
    "$defs": {"Inner": {"type": "object", "title": "Inner", "properties": {"x": {"type": "string", "format": "date"}}, "required": ["x"]}},
}
FIELDS = OLD["properties"]


def put(path: str, value: object) -> Callable[[Doc], None]:
    """An edit: set (or with None: delete) what stands at a dotted path."""

    def edit(doc: Doc) -> None:
        *way, last = path.split(".")
        for step in way:
            doc = doc[step]
        if value is None:
            del doc[last]
        else:
            doc[last] = value

    return edit


CHANGES = [
    ("a field is removed", put("properties.note", None), {"both"}),
    ("a field is removed below a reference", put("$defs.Inner.properties.x", None), {"both"}),
    ("a required field is new", lambda d: (put("properties.new", {"type": "string"})(d), d["required"].append("new")), {"narrowed"}),
    ("a field must be given now", put("required", ["id", "kind", "count"]), {"narrowed"}),
    ("a field may be left out now", put("required", ["id"]), {"widened"}),
    ("the type changes", put("properties.count.type", "string"), {"both"}),
    ("a value goes", put("properties.kind.enum", ["one"]), {"narrowed"}),
    ("a value comes", put("properties.kind.enum", ["one", "two", "three"]), {"widened"}),
    ("values become free", put("properties.kind.enum", None), {"widened"}),
    ("values become few", put("properties.note.enum", ["x"]), {"narrowed"}),
    ("one value in place of another", put("properties.kind.enum", ["one", "three"]), {"narrowed", "widened"}),
    ("the pattern changes", put("properties.id.pattern", "^a*$"), {"both"}),
    ("a pattern comes", put("properties.kind.pattern", "^o"), {"narrowed"}),
    ("a pattern goes", put("properties.id.pattern", None), {"widened"}),
    ("the format changes", put("$defs.Inner.properties.x.format", "date-time"), {"both"}),
    ("shorter", put("properties.id.maxLength", 8), {"narrowed"}),
    ("longer", put("properties.id.maxLength", 10), {"widened"}),
    ("as long as you like", put("properties.id.maxLength", None), {"widened"}),
    ("at least two letters", put("properties.id.minLength", 2), {"narrowed"}),
    ("also zero", put("properties.count.minimum", 0), {"widened"}),
    ("up to four", put("properties.count.maximum", 4), {"narrowed"}),
    ("fewer items", put("properties.tags.maxItems", 2), {"narrowed"}),
    ("an empty list", put("properties.tags.minItems", None), {"widened"}),
    ("other items", put("properties.tags.items.type", "integer"), {"both"}),
    ("no null", put("properties.note.anyOf", [{"type": "string"}]), {"narrowed"}),
    ("also a number", put("properties.note.anyOf", [{"type": "string"}, {"type": "null"}, {"type": "integer"}]), {"widened"}),
    ("nothing unknown", put("additionalProperties", False), {"narrowed"}),  # noqa: FBT003
]
HARMLESS = [
    ("an optional field", put("properties.new", {"type": "string"})),
    ("other words", put("properties.id.description", "as the OPD calls it")),
    ("another default", put("properties.note.default", "")),
    ("another order", put("required", ["kind", "id"])),
    (
        "another name of a definition",
        lambda d: (put("$defs.Other", d["$defs"]["Inner"])(d), put("properties.inner.$ref", "#/$defs/Other")(d)),
    ),
]


def edited(edit: Callable[[Doc], object], document: Doc = OLD) -> Doc:
    doc = copy.deepcopy(document)
    edit(doc)
    return doc


@pytest.mark.parametrize(("edit", "effects"), [pytest.param(edit, effects, id=name) for name, edit, effects in CHANGES])
def test_a_change_that_someone_does_not_survive_is_caught(edit: Callable[[Doc], object], effects: set[str]) -> None:
    assert {change.effect for change in changes(OLD, edited(edit))} == effects


@pytest.mark.parametrize("edit", [pytest.param(edit, id=name) for name, edit in HARMLESS])
def test_a_change_that_everyone_survives_is_let_through(edit: Callable[[Doc], object]) -> None:
    assert changes(OLD, edited(edit)) == []


def test_a_renamed_field_is_caught_where_it_was() -> None:
    renamed = edited(lambda d: d["properties"].update(identity=d["properties"].pop("id")))

    assert "$.id: field removed (both)" in breaks(OLD, renamed, effects=FOR_EVENTS)


def test_an_opd_s_form_may_be_taken_more_widely_but_never_less() -> None:
    wider, tighter = edited(put("properties.id.maxLength", 10)), edited(put("properties.id.maxLength", 8))

    assert breaks(OLD, wider, effects=FOR_EVENTS) == []
    assert breaks(OLD, wider, effects=FOR_READERS_AND_EVENTS)
    assert breaks(OLD, tighter, effects=FOR_EVENTS)


def test_a_word_that_the_comparison_does_not_know_is_not_passed_over() -> None:
    with pytest.raises(NotImplementedError, match="multipleOf"):
        changes(OLD, edited(put("properties.count.multipleOf", 2)))


@pytest.mark.parametrize("name", ["log.v1.json", "inbound.v1.json", "receipt.v1.json"])
def test_removing_any_field_of_the_real_contracts_is_caught(name: str) -> None:
    document = schemas()[name]
    holders = list(objects(document))

    assert sum(len(holder["properties"]) for holder in holders) > 5
    for number, holder in enumerate(holders):
        for field in holder["properties"]:
            cut = copy.deepcopy(document)
            del list(objects(cut))[number]["properties"][field]
            assert any(change.where.endswith(f".{field}") for change in changes(document, cut)), field


def test_an_event_more_or_less_on_the_log_is_caught() -> None:
    document = schemas()["log.v1.json"]
    cut = edited(lambda d: d["discriminator"]["mapping"].pop("DataRetracted"), document)

    assert breaks(document, cut, effects=FOR_EVENTS) == ["$: no longer takes DataRetracted (narrowed)"]
    assert breaks(cut, document, effects=FOR_READERS_AND_EVENTS) == ["$: takes DataRetracted now (widened)"]


def objects(document: Doc) -> Iterator[Doc]:
    """The object schemas of a document that is made of definitions."""
    yield from (d for d in (document, *document.get("$defs", {}).values()) if "properties" in d)
