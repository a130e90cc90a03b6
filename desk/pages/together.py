"""Several at once: the superior verifies or approves many submissions that wait; each has its own result, and one refusal stops none."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from desk.casework import event_at
from desk.door import desk_of, one_of, switched_to
from desk.forms import Typed, read_form
from desk.lanes import CallRefused, Json, LaneAway, Lanes
from desk.pages.case import NUMBER
from desk.pages.failures import fields_of
from desk.render import render
from desk.verbs import VERBS, Fault, is_mine, told_before
from desk.who import Who
from desk.words import said
from web.tokens import Role

router: Final = APIRouter()
Atasan = Annotated[Who, Depends(one_of(Role.ATASAN_PPID))]
PAGE: Final = 50
MOST: Final = 100
WAITS_FOR: Final = {"verify": "revised", "approve": "verified"}
NOTHING: Final = said("Pilih paling sedikit satu pengajuan.")
CHOOSE: Final = said("Pilih verifikasi atau setujui.")
MOVED: Final = said("Tidak lagi dipilih, karena berubah sejak Anda membukanya atau tidak ada di halaman ini: {titles}.")


@router.get("/putusan-bersama")
async def choose(request: Request, who: Atasan, sesudah: Annotated[str, Query(max_length=200)] = "") -> Response:
    return await _page(request, who, after=sesudah)


@router.post("/putusan-bersama")
async def decide(request: Request, who: Atasan) -> Response:
    """`pilih`: number and step of each, as the page showed them; one judgement for all of them."""
    typed = await read_form(request)
    verb, chosen = typed.get("pilihan"), _chosen(typed)
    body, wrong = VERBS[verb].body(typed) if verb in WAITS_FOR else ({}, [Fault("pilihan", CHOOSE)])
    wrong = wrong if chosen else [Fault("pilih", NOTHING), *wrong]
    if wrong or switched_to(typed):
        return await _page(request, who, errors=told_before(typed) if switched_to(typed) else wrong, typed=typed)
    if typed.get("yakin") != "1":
        kept = fields_of(typed)
        return render(request, "together_check.html", verb=verb, count=len(chosen), body=body, kept=kept)
    items = [{"submission_id": number, "verb": verb, "body": {"expected_sequence": step, **body}} for number, step in chosen.items()]
    lanes = desk_of(request).lanes
    told = await lanes.post_and_wait(who, "decision", "batch", {"items": items})
    results = await asyncio.gather(*(_settled(lanes, who, item, result) for item, result in zip(items, told["results"], strict=True)))
    titles = {item["submission_id"]: item["title"] for item in (await _waiting(request, who, ""))["items"]}
    return render(request, "together_done.html", verb=verb, results=results, titles=titles | _titles(typed))


async def _settled(lanes: Lanes, who: Who, item: Json, result: Json) -> Json:
    """What was done by the same form a moment ago (a double click, a page sent again) is shown as done."""
    if result["ok"] or result["status"] != 409:
        return result
    expected, body = item["body"]["expected_sequence"], {name: value for name, value in item["body"].items() if name != "expected_sequence"}
    try:
        event = event_at(await lanes.case(who, item["submission_id"]), expected + 1)
    except (CallRefused, LaneAway):
        return result
    is_done = is_mine(event, person=who.account.id, verb=item["verb"], expected=expected, body=body)
    return {"submission_id": item["submission_id"], "ok": True, "event": event} if is_done else result


def _chosen(typed: Typed) -> dict[str, int]:
    """Number → the step that was seen."""
    pairs = [text.partition(":")[::2] for text in typed.all("pilih")][:MOST]
    return {number: int(step) for number, step in pairs if NUMBER.fullmatch(number) and step.isascii() and step.isdigit() and len(step) < 8}


def _titles(typed: Typed) -> dict[str, str]:
    """As the page showed them; what is decided waits no longer, and the lane names numbers only."""
    return {name.removeprefix("judul."): value for name, value in typed.fields if name.startswith("judul.")}


async def _waiting(request: Request, who: Who, after: str) -> Json:
    return await desk_of(request).lanes.get(who, "decision", "inbox", {"limit": PAGE} | ({"after": after} if after else {}))


async def _page(request: Request, who: Who, *, after: str = "", errors: list[Fault] | None = None, typed: Typed | None = None) -> Response:
    """Only what still stands as it was read stays chosen; what does not is named."""
    page = await _waiting(request, who, after)
    chosen, as_read = (_chosen(typed) if typed else {}), {item["submission_id"]: item["sequence"] for item in page["items"]}
    moved = [_titles(typed).get(number, number) for number, step in chosen.items() if as_read.get(number) != step] if typed else []
    told = [Fault("pilih", MOVED.format(titles="; ".join(moved)))] if moved else []
    errors = [*told, *(error for error in errors or [] if error not in told)]
    content = {"items": page["items"], "following": page["next"], "errors": errors, "chosen": chosen}
    return render(request, "together.html", status=422 if errors else 200, typed=dict(typed.fields) if typed else {}, **content)
