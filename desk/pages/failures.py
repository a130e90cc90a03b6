"""When a page cannot be shown or a form not be sent: a plain sentence, and everything that was typed."""

from typing import Final

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from desk import words
from desk.door import local
from desk.forms import NOTHING, Typed, read_form
from desk.guard import FORM_BYTES, SAFE
from desk.lanes import CallRefused
from desk.render import render, speech_of
from desk.words import field_words, said

SECRET: Final = frozenset({"kata_sandi", "kata_sandi_lama", "kata_sandi_baru", "kata_sandi_lagi"})
FILE_LINE: Final = "berkas"
"""A form's line about a file that is there already: such a form takes new files too."""
SHOW_AGAIN: Final = "kolom"
"""What the buttons of such forms say that only show them again."""
HEADINGS: Final = {
    400: (said("Tidak dapat dibaca"), said("Kiriman itu tidak dapat dibaca, atau satu isiannya terlalu panjang. Buka kembali halamannya.")),
    403: (said("Halaman ini bukan untuk peran Anda"), said("Halaman ini dipakai oleh peran lain. Pilih halaman dari menu di atas.")),
    404: (said("Tidak ditemukan"), said("Halaman atau pengajuan itu tidak ada, atau milik OPD lain. Periksa nomornya atau cari judulnya.")),
    405: (said("Tidak dapat dilakukan"), said("Buka kembali halamannya, lalu tekan tombolnya.")),
    500: (said("Terjadi kesalahan"), said("Kesalahan ini tercatat. Coba lagi; bila tetap terjadi, hubungi Admin Open Data.")),
}


def away(request: Request, lane: str) -> Response:
    """A lane (or the desk's own store, "") is not there."""
    speech = speech_of(request)
    name = speech.text(words.LANES[lane]) if lane else speech.text(said("halaman"))
    sentence = speech.text(said("Layanan %(name)s sedang tidak dapat dihubungi. Coba lagi sebentar lagi."), name=name)
    if lane in {"archive", "publisher"}:
        sentence += " " + speech.text(said("Halaman lain tetap dapat dipakai."))
    return _kept(request, 503, speech.text(said("Belum dapat dilakukan")), sentence)


def refused(request: Request, error: CallRefused) -> Response:
    """A lane's no that the page had no own words for."""
    if error.status in {401, 403, 404} and request.method in SAFE:
        return wrong_page(request, 404) if error.status == 404 else _told(request, error)
    return _told(request, error)


def wrong_page(request: Request, status: int) -> Response:
    heading, sentence = HEADINGS[status]
    speech = speech_of(request)
    return render(request, "message.html", status=status, heading=speech.text(heading), sentence=speech.text(sentence), kept=(), to=None)


def failed(request: Request) -> Response:
    heading, sentence = HEADINGS[500]
    speech = speech_of(request)
    return _kept(request, 500, speech.text(heading), speech.text(sentence))


async def not_in(request: Request) -> Response:
    """To the login page; what was typed goes along and comes back after it."""
    if request.method in SAFE:
        back = local(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
        query = "" if back == "/" else f"?kembali={_quoted(back)}"
        return RedirectResponse(f"/masuk{query}", 303)
    length = request.headers.get("content-length", "")
    small = length.isdigit() and int(length) <= FORM_BYTES  # nobody's files are not taken in
    typed = await read_form(request) if small else NOTHING
    return login_page(request, status=401, back=local(request.url.path), kept=fields_of(typed), ended=True)


def login_page(
    request: Request,
    *,
    status: int = 200,
    back: str = "/",
    name: str = "",
    kept: tuple[tuple[str, str], ...] = (),
    error: str | None = None,
    ended: bool = False,
) -> Response:
    provider = request.app.state.desk.settings.provider
    content = {"provider": provider and provider.name, "back": back, "name": name, "kept": kept, "error": error, "ended": ended}
    return render(request, "login.html", status=status, **content)


def fields_of(typed: Typed) -> tuple[tuple[str, str], ...]:
    """What may go through a page and come back: never a password."""
    return tuple((name, value) for name, value in typed.fields if name not in SECRET)


def send_again(request: Request, path: str, kept: tuple[tuple[str, str], ...]) -> Response:
    """After a new login: what was typed before, to be looked at and sent."""
    speech = speech_of(request)
    heading, sentence = speech.text(said("Anda sudah masuk lagi")), speech.text(said("Isian Anda masih ada. Periksa, lalu kirim."))
    return _sendable(request, 200, heading, sentence, kept, path)


def _told(request: Request, error: CallRefused) -> Response:
    heading = speech_of(request).text(said("Tidak dapat dilakukan"))
    return _kept(request, error.status, heading, " ".join(told.message for told in error.errors) or str(error))


def _kept(request: Request, status: int, heading: str, sentence: str) -> Response:
    kept = fields_of(getattr(request.state, "typed", NOTHING))
    to = request.url.path if request.method not in SAFE and kept else None
    return _sendable(request, status, heading, sentence, kept, to)


def _sendable(request: Request, status: int, heading: str, sentence: str, kept: tuple[tuple[str, str], ...], to: str | None) -> Response:
    """What was typed, to be sent again. Files do not come back: a form that had any is shown again, and nothing is sent with old ones."""
    if any(name == FILE_LINE for name, _ in kept):
        sentence = (
            f"{sentence} {speech_of(request).text(said('Berkas yang baru dipilih tidak ikut tersimpan: pilih lagi di halaman berikut.'))}"
        )
        kept = (*(pair for pair in kept if pair[0] != "aksi"), ("aksi", SHOW_AGAIN))
    return render(request, "message.html", status=status, heading=heading, sentence=sentence, kept=kept, to=to, shown=_shown(request, kept))


def _shown(request: Request, kept: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """What a person typed, without the fields that pages add."""
    speech = speech_of(request)
    return [(speech.text(field_words(name)) or name, value) for name, value in kept if value and field_words(name)]


def _quoted(path: str) -> str:
    from urllib.parse import quote

    return quote(path, safe="/")
