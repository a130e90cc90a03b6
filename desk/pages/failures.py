"""When a page cannot be shown or a form not be sent: a plain sentence, and everything that was typed."""

from typing import Final
from urllib.parse import quote

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from desk import words
from desk.accounts import Post
from desk.clock import now_ms
from desk.door import AS_BEFORE, CHANGE, SAFE, OtherPost, desk_of, local, switched_to
from desk.forms import MADE_FOR, NOTHING, SWITCH, Typed, read_form
from desk.kept import Fields, KeptForm
from desk.lanes import CallRefused, LaneAway
from desk.render import render, speech_of
from desk.retold import retold
from desk.speech import Speech
from desk.words import said, typed_label

SECRET: Final = frozenset({"kata_sandi", "kata_sandi_lama", "kata_sandi_baru", "kata_sandi_lagi"})
FILE_LINE: Final = "berkas"
"""A form's line about a file that is there already: such a form takes new files too."""
SHOW_AGAIN: Final = "kolom"
"""What the buttons of such forms say that only show them again."""
HEADINGS: Final = {
    400: (said("Tidak dapat dibaca"), said("Kiriman itu tidak dapat dibaca, atau satu isiannya terlalu panjang. Buka kembali halamannya.")),
    403: (said("Halaman ini bukan untuk peran Anda"), said("Halaman ini dipakai oleh peran lain. Pilih halaman dari menu di atas.")),
    404: (said("Tidak ditemukan"), said("Halaman atau pengajuan itu tidak ada, atau milik OPD lain. Periksa nomornya atau cari judulnya.")),
    409: (
        said("Sudah berubah"),
        said("Data ini sudah diserahkan sejak halaman ini dibuka, jadi perubahan Anda tidak terkirim. Salin yang masih Anda perlukan."),
    ),
    405: (said("Tidak dapat dilakukan"), said("Buka kembali halamannya, lalu tekan tombolnya.")),
    500: (said("Terjadi kesalahan"), said("Kesalahan ini tercatat. Coba lagi; bila tetap terjadi, hubungi Admin Open Data.")),
}

FOR_GOOD: Final = frozenset({405, 409})
"""What would be the same if it were sent again."""
STOPPED: Final = {
    403: (
        said("Tidak dapat dilakukan"),
        said("Permintaan ini tidak datang dari halaman Jejak. Buka kembali halamannya lalu coba lagi."),
    ),
    413: (
        said("Kiriman terlalu besar"),
        said("Tidak ada yang terkirim. Tekan tombol Kembali pada peramban: isian Anda masih ada. Kurangi isinya, lalu kirim lagi."),
    ),
}
"""What is stopped before it is read."""


def away(request: Request, error: LaneAway | None) -> Response:
    """A lane (or, with None, the desk's own store) is not there."""
    speech, lane = speech_of(request), error.lane if error else ""
    name = speech.text(words.LANES[lane]) if lane else speech.text(said("halaman"))
    sentence = speech.text(said("Layanan %(name)s sedang tidak dapat dihubungi. Coba lagi sebentar lagi."), name=name)
    if error and error.is_late and request.method not in SAFE:
        late = said(
            "Layanan %(name)s belum menjawab; mungkin pekerjaannya sudah tercatat. Kirim lagi saja: tidak ada yang tercatat dua kali."
        )
        sentence = speech.text(late, name=name)
    elif lane in {"archive", "publisher"}:
        sentence += " " + speech.text(said("Halaman lain tetap dapat dipakai."))
    return _kept(request, 503, speech.text(said("Belum dapat dilakukan")), sentence)


def refused(request: Request, error: CallRefused) -> Response:
    """A lane's no that the page had no own words for."""
    return wrong_page(request, 404) if error.status == 404 and request.method in SAFE else _told(request, error)


def wrong_page(request: Request, status: int) -> Response:
    heading, sentence = HEADINGS[status]
    speech, kept = speech_of(request), fields_of(getattr(request.state, "typed", None) or NOTHING)
    to = request.url.path if request.method not in SAFE and kept and status not in FOR_GOOD else None
    return _sendable(request, status, speech.text(heading), speech.text(sentence), kept, to)


def stopped(request: Request, status: int) -> Response:
    heading, sentence = STOPPED[status]
    speech = speech_of(request)
    return _sendable(request, status, speech.text(heading), speech.text(sentence), (), None)


def failed(request: Request) -> Response:
    heading, sentence = HEADINGS[500]
    speech = speech_of(request)
    return _kept(request, 500, speech.text(heading), speech.text(sentence))


async def not_in(request: Request) -> Response:
    """To the login page; what was typed is kept at the desk and comes back after it, by whichever way the person comes in."""
    if request.method in SAFE:
        back = local(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
        return RedirectResponse(f"/masuk{'' if back == '/' else f'?kembali={quote(back)}'}", 303)
    request.state.language = switched_to(await typed_of(request, each=0))  # nobody's files are not taken in
    return login_page(request, status=401, back=await _kept_at(request), ended=True)


async def must_change(request: Request) -> Response:
    """To the page of the first password, and from there back to where the person was."""
    if request.method in SAFE:
        return RedirectResponse(f"{CHANGE}?kembali={quote(local(request.url.path))}", 303)
    return RedirectResponse(f"{CHANGE}?kembali={quote(await _kept_at(request))}", 303)


async def typed_of(request: Request, *, each: int | None = None) -> Typed:
    """What came with this request, as far as it can be read."""
    try:
        return await read_form(request, each=each)
    except HTTPException:
        return NOTHING


async def _kept_at(request: Request) -> str:
    """The address at which what was typed is found again. Passwords are kept nowhere: such a form starts anew."""
    desk, typed = desk_of(request), await typed_of(request)
    post = desk.marks.post_of(typed.get(MADE_FOR))
    if any(name in SECRET for name, _ in typed.fields):
        return local(request.url.path)
    if post is None:
        return "/"
    secret = await run_in_threadpool(desk.kept.keep, post, request.url.path, fields_of(typed), now_ms=now_ms())
    return f"/isian/{secret}" if secret else "/"


def login_page(
    request: Request,
    *,
    status: int = 200,
    back: str = "/",
    name: str = "",
    error: str | None = None,
    ended: bool = False,
    chosen: str = "",
) -> Response:
    """`chosen`: the language that the person switched to here, which is to be the account's."""
    provider = desk_of(request).settings.provider
    content = {"provider": provider and provider.name, "back": back, "name": name, "error": error, "ended": ended, "chosen": chosen}
    return render(request, "login.html", status=status, **content)


def fields_of(typed: Typed) -> Fields:
    """What may go through a page and come back: never a password, and to take up another post is said each time anew."""
    return tuple((name, value) for name, value in typed.fields if name not in SECRET and name != AS_BEFORE)


def send_again(request: Request, kept: KeptForm) -> Response:
    """After a new login: what was typed before, to be looked at and sent."""
    speech = speech_of(request)
    heading, sentence = speech.text(said("Anda sudah masuk lagi")), speech.text(said("Isian Anda masih ada. Periksa, lalu kirim."))
    return _sendable(request, 200, heading, sentence, kept.fields, kept.path)


def only_switched(request: Request) -> Response:
    """The same form in the other language, to be looked at and sent."""
    speech = speech_of(request)
    heading, sentence = (
        speech.text(said("Bahasa sudah diganti")),
        speech.text(said("Tidak ada hal lain yang dilakukan. Periksa, lalu kirim.")),
    )
    return _sendable(request, 200, heading, sentence, _without_switch(request), request.url.path)


async def other_post(request: Request, error: OtherPost) -> Response:
    """Nothing is done as somebody else than the form was drawn for; who still holds that post may take it up again with one button."""
    desk, who, speech = desk_of(request), request.state.who, speech_of(request)
    held = next((post for post in who.posts if post.id == error.post), None)
    made_for = held or (await run_in_threadpool(desk.accounts.post, error.post) if error.post is not None else None)
    names = {"then": _named(speech, made_for), "now": _named(speech, who.post)}
    told = said("Isian ini dibuat sebagai %(then)s, sedangkan Anda sekarang masuk sebagai %(now)s. Tidak ada yang terkirim.")
    heading, sentence = speech.text(said("Isian ini dibuat untuk peran lain")), speech.text(told, **names)
    kept = _without_switch(request)
    if held is None:
        sentence += " " + speech.text(said("Salin yang masih Anda perlukan, lalu buka halamannya dengan peran Anda."))
        return _sendable(request, 409, heading, sentence, kept, None)
    send = speech.text(said("Pakai lagi peran itu, lalu kirim"))
    return _sendable(request, 409, heading, sentence, (*kept, (AS_BEFORE, "1")), request.url.path, send=send)


def _named(speech: Speech, post: Post | None) -> str:
    if post is None:
        return speech.text(said("orang lain"))
    return " ".join(filter(None, (post.kind, speech.text(words.ROLES[post.role]), post.opd)))


def _told(request: Request, error: CallRefused) -> Response:
    speech = speech_of(request)
    sentence = " ".join(retold(speech, told.message, told.field) for told in error.errors) or str(error)
    return _kept(request, error.status, speech.text(said("Tidak dapat dilakukan")), sentence)


def _kept(request: Request, status: int, heading: str, sentence: str) -> Response:
    kept = fields_of(getattr(request.state, "typed", None) or NOTHING)
    to = request.url.path if request.method not in SAFE and kept else None
    return _sendable(request, status, heading, sentence, kept, to)


def _sendable(
    request: Request, status: int, heading: str, sentence: str, kept: Fields, to: str | None, *, send: str | None = None
) -> Response:
    """What was typed, to be sent again. Files do not come back: a form that had any is shown again, and nothing is sent with old ones."""
    speech, has_files = speech_of(request), any(name == FILE_LINE for name, _ in kept)
    if has_files and to:
        sentence = f"{sentence} {speech.text(said('Berkas yang baru dipilih tidak ikut tersimpan: pilih lagi di halaman berikut.'))}"
        kept = (*(pair for pair in kept if pair[0] != "aksi"), ("aksi", SHOW_AGAIN))
    only_shows = has_files or any(name == SWITCH for name, _ in kept)
    send = send or speech.text(said("Lihat isian") if only_shows else said("Kirim lagi"))
    content = {"kept": kept, "to": to, "shown": _shown(speech, kept), "has_files": has_files, "send": send}
    return render(request, "message.html", status=status, heading=heading, sentence=sentence, **content)


def _without_switch(request: Request) -> Fields:
    return tuple(pair for pair in fields_of(request.state.typed) if pair[0] != SWITCH)


def _shown(speech: Speech, kept: Fields) -> list[tuple[str, str]]:
    """What a person typed, without the fields that pages add."""
    told = ((typed_label(name), value) for name, value in kept if value)
    return [(speech.text(label), value) for label, value in told if label]
