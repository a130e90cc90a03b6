"""Two JSON Schemas of one contract in, the changes that old readers or old events would not survive out.

`narrowed`: the new schema refuses what the old one took, so an old event becomes unreadable. `widened`: the new one takes what
the old one refused, so an old reader may meet an event it cannot read. A field that goes away is both.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Schema = Mapping[str, Any]
Effect = Literal["narrowed", "widened", "both"]


@dataclass(frozen=True)
class Change:
    where: str
    what: str
    effect: Effect


def changes(old: Schema, new: Schema) -> list[Change]:
    """Everything that differs in what is accepted; titles, descriptions and defaults do not count."""
    return list(_Comparison(old, new).node(old, new, "$"))


def breaks(old: Schema, new: Schema, *, effects: frozenset[str]) -> list[str]:
    """The changes that have one of these effects, in words."""
    return [f"{c.where}: {c.what} ({c.effect})" for c in changes(old, new) if c.effect == "both" or c.effect in effects]


FOR_READERS_AND_EVENTS: Final = frozenset({"narrowed", "widened"})
FOR_EVENTS: Final = frozenset({"narrowed"})
SILENT: Final = {"title", "description", "default", "$defs", "$schema", "discriminator", "examples"}
LOWER: Final = ("minimum", "minLength", "minItems")
UPPER: Final = ("maximum", "maxLength", "maxItems")
ELSEWHERE: Final = {
    "$ref",
    "type",
    "const",
    "enum",
    "pattern",
    "format",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "oneOf",
    "anyOf",
}


@dataclass(frozen=True)
class _Comparison:
    old_root: Schema
    new_root: Schema

    def node(self, old: Schema, new: Schema, where: str) -> Iterator[Change]:
        old, new = _resolved(old, self.old_root), _resolved(new, self.new_root)
        if unknown := (old.keys() | new.keys()) - SILENT - ELSEWHERE - {*LOWER, *UPPER}:
            raise NotImplementedError(f"{where}: this comparison does not know {sorted(unknown)}")
        if old.get("type") != new.get("type"):
            yield Change(where, f"type {old.get('type')} became {new.get('type')}", "both")
            return
        for compare in (_values, _bounds, _shape, self._fields, self._items, self._branches):
            yield from compare(old, new, where)

    def _fields(self, old: Schema, new: Schema, where: str) -> Iterator[Change]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
        was_closed, is_closed = (s.get("additionalProperties", True) is False for s in (old, new))
        if was_closed != is_closed:
            yield Change(
                where, "unknown fields are refused" if is_closed else "unknown fields are taken", "narrowed" if is_closed else "widened"
            )
        for name in before.keys() - after.keys():
            yield Change(f"{where}.{name}", "field removed", "both")
        for name in after.keys() - before.keys():
            if name in needed_after:
                yield Change(f"{where}.{name}", "new field is required", "narrowed")
            elif was_closed:
                yield Change(f"{where}.{name}", "new field that closed readers refuse", "widened")
        for name in before.keys() & after.keys():
            if (name in needed_before) != (name in needed_after):
                is_needed = name in needed_after
                yield Change(
                    f"{where}.{name}", "is required now" if is_needed else "may be left out now", "narrowed" if is_needed else "widened"
                )
            yield from self.node(before[name], after[name], f"{where}.{name}")

    def _items(self, old: Schema, new: Schema, where: str) -> Iterator[Change]:
        if ("items" in old) != ("items" in new):
            yield Change(where, "items are described" if "items" in new else "items are free", "narrowed" if "items" in new else "widened")
        elif "items" in old:
            yield from self.node(old["items"], new["items"], f"{where}[]")

    def _branches(self, old: Schema, new: Schema, where: str) -> Iterator[Change]:
        before, after = _named_branches(old, self.old_root), _named_branches(new, self.new_root)
        for name in before.keys() - after.keys():
            yield Change(where, f"no longer takes {name}", "narrowed")
        for name in after.keys() - before.keys():
            yield Change(where, f"takes {name} now", "widened")
        for name in before.keys() & after.keys():
            yield from self.node(before[name], after[name], f"{where}<{name}>")


def _values(old: Schema, new: Schema, where: str) -> Iterator[Change]:
    before, after = _allowed(old), _allowed(new)
    if before == after:
        return
    if before is None or (after is not None and before - after):
        yield Change(where, f"fewer values: {before and sorted(before)} became {after and sorted(after)}", "narrowed")
    if after is None or (before is not None and after - before):
        yield Change(where, f"more values: {before and sorted(before)} became {after and sorted(after)}", "widened")


def _bounds(old: Schema, new: Schema, where: str) -> Iterator[Change]:
    tighter: list[tuple[str, Callable[[float, float], bool]]] = [(name, lambda a, b: b > a) for name in LOWER]
    tighter += [(name, lambda a, b: b < a) for name in UPPER]
    for name, is_tighter in tighter:
        before, after = old.get(name), new.get(name)
        if before != after:
            narrowed = before is None or (after is not None and is_tighter(before, after))
            yield Change(where, f"{name} {before} became {after}", "narrowed" if narrowed else "widened")


def _shape(old: Schema, new: Schema, where: str) -> Iterator[Change]:
    for name in ("pattern", "format"):
        before, after = old.get(name), new.get(name)
        if before != after:
            yield Change(where, f"{name} {before} became {after}", "narrowed" if before is None else "widened" if after is None else "both")


def _allowed(schema: Schema) -> frozenset[str] | None:
    """The values of an enum or a const as text; None: any."""
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return None if values is None else frozenset(map(repr, values))


def _named_branches(schema: Schema, root: Schema) -> dict[str, Schema]:
    """The alternatives under names that outlast a reordering: the discriminator's value, the model's title, else the type."""
    if mapping := schema.get("discriminator", {}).get("mapping"):
        return {value: {"$ref": ref} for value, ref in mapping.items()}
    branches = [_resolved(branch, root) for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ()))]
    return {str(branch.get("title", branch.get("type"))): branch for branch in branches}


def _resolved(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema
