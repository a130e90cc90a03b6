"""`jejak check`: the files of an agency in; what intake would find, in words or as JSON, out. Nothing is sent, nothing is kept."""

import mimetypes
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from checks.catalogue import Report, report
from checks.content import EXTENSIONS, MEDIA_TYPES
from checks.differences import differences
from checks.files import UNREADABLE
from checks.findings import Found
from checks.limits import LIMITS, Limits
from checks.metadata import findings as metadata_findings
from checks.propose import propose
from checks.run import Given, Metadata, collect_rarely, exit_code, look_at
from checks.run import as_json as as_report
from events.contracts import Finding
from events.metadata import Column, Dataset, File
from jejak import forms

app = typer.Typer(add_completion=False)
SEVERITIES: Final = {"error": "GALAT", "warning": "PERHATIAN", "info": "info"}
SCORES: Final = {"pass": "baik", "attention": "perlu perhatian", "fail": "belum baik"}

HOW: Final = """Perintah ini memeriksa berkas data sebelum diserahkan. Tidak ada yang dikirim, dan berkas Anda tidak diubah.

Cara memakai: ketik perintah ini, spasi, lalu nama berkasnya, dan tekan Enter. Misalnya:

  jejak check penduduk.xlsx

Nama yang memuat spasi diapit tanda kutip: jejak check "data penduduk.xlsx". Berkas di folder lain ditulis beserta foldernya,
atau seret berkasnya ke jendela ini. Beberapa berkas sekaligus boleh. Pilihan lain: jejak check --help"""


@app.command("check")
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="Berkas data (CSV, XLSX, …), atau isian DataSubmitted (JSON).")] = None,
    metadata: Annotated[Path | None, typer.Option(help="Keterangan data (metadata) berkas itu: isian DataSubmitted, JSON.")] = None,
    previous: Annotated[Path | None, typer.Option(help="Berkas yang sama seperti terbit sebelumnya; disebutkan apa yang berubah.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    propose_form: Annotated[bool, typer.Option("--propose", help="Cetak isian DataSubmitted dari berkas itu, tinggal dilengkapi.")] = False,
) -> None:
    """Layakkah data ini diterbitkan? (Is this data fit to publish?) Tidak ada yang dikirim dan berkas Anda tidak diubah.

    Contoh: jejak check penduduk.xlsx

    Hasilnya tabel: GALAT harus diperbaiki, PERHATIAN dibaca dan dijelaskan, info hanya diberitahukan.

    Exit codes: 0 nothing above info, 1 an error, 2 wrong use, 3 warnings only.
    """
    if not files:
        typer.echo(HOW, err=True)
        raise typer.Exit(2)
    try:
        if propose_form:
            typer.echo(orjson.dumps(proposal(files), option=orjson.OPT_INDENT_2))
            raise typer.Exit(0)
        if metadata is None and previous is None and all(is_form(path) for path in files):
            ends = {_check_form(path, as_json=as_json) for path in files}
            raise typer.Exit(1 if 1 in ends else max(ends))
        told, _ = check_files(files, metadata, previous)
    except forms.FormRefused as refused:
        raise typer.BadParameter(str(refused)) from None
    if as_json:
        typer.echo(orjson.dumps(as_report(told)))
    else:
        in_words(told)
    raise typer.Exit(exit_code(told))


def _check_form(path: Path, *, as_json: bool) -> int:
    """What intake would say of a form; and what the checks find in the files that lie beside it."""
    told = forms.judge(forms.read(path))
    beside = [path.parent / Path(name).name for name in told.pop("names") if (path.parent / Path(name).name).is_file()]
    found, _ = check_files(beside, path)
    if as_json:
        typer.echo(orjson.dumps({"file": str(path), **told, **as_report(found)}))
    else:
        typer.echo(forms.judged_in_words(str(path), told))
        if found.findings or not told["reasons"]:
            in_words(found)
    return 1 if told["reasons"] else exit_code(found)


def is_form(path: Path) -> bool:
    """A DataSubmitted form, not a data file that happens to be JSON."""
    if path.suffix.lower() != ".json" or not path.is_file() or path.stat().st_size > 16_000_000:
        return False
    try:
        value = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        return False
    return isinstance(value, dict) and isinstance(value.get("dataset"), dict) and isinstance(value.get("files"), list)


def check_files(
    paths: Sequence[Path], metadata: Path | None, previous: Path | None = None
) -> tuple[Report, dict[str, list[dict[str, Any]]]]:
    """`previous`: the first file as it was published before. Raises `forms.FormRefused`: a file is not there, or metadata is none."""
    collect_rarely()
    for path in (*paths, *([previous] if previous else [])):
        if not path.is_file():
            raise forms.FormRefused(f"{path}: tidak ada berkas dengan nama itu (there is no such file). Periksa nama dan foldernya.")
    said = _read(metadata) if metadata else {}
    given = [Given(path, path.name, media_type(path, said), f"files.{at}") for at, path in enumerate(paths)]
    about = _metadata(said)
    with _progress() as bar:
        task = bar.add_task("", total=None)
        limits = replace(LIMITS, heard=lambda read, of: bar.update(task, completed=read, total=of))
        found, profiles = look_at(given, about, limits=limits, told=lambda file: _begins(bar, task, f"memeriksa {file.name}"))
        if previous:
            _begins(bar, task, f"membandingkan dengan {previous.name}")
            here = Found(file=given[0].name, field="files.0", notes=found.notes)
            keys = [column.name for column in about.columns if column.key]
            _compare(previous, given[0].path, keys, limits, here)
    return report(found, *_of_metadata(said, given)), profiles


def _compare(before: Path, after: Path, keys: Sequence[str], limits: Limits, found: Found) -> None:
    try:
        differences(before, after, keys=keys, limits=limits, found=found)
    except UNREADABLE as error:
        found("not_compared", why=type(error).__name__)


def _progress() -> Progress:
    """A bar on the terminal while a file is read; nothing where nobody looks."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _begins(bar: Progress, task: TaskID, what: str) -> None:
    bar.reset(task, description=what, total=None)


def proposal(paths: Sequence[Path]) -> dict[str, Any]:
    """A form to fill in, made from the files."""
    told, profiles = check_files(paths, None)
    types = {path.name: media_type(path, {}) for path in paths}
    personal = any(f.code.startswith("personal_data_") for f in told.findings)
    return propose([path.name for path in paths], types, profiles, personal=personal)


def media_type(path: Path, said: dict[str, Any]) -> str:
    """As the metadata says it, else by the file's ending."""
    for file in said.get("files") or ():
        if isinstance(file, dict) and file.get("name") == path.name and isinstance(file.get("media_type"), str):
            return str(file["media_type"])
    kind = EXTENSIONS.get(path.suffix.lower())
    return (
        next((name for name, of in MEDIA_TYPES.items() if of == kind), None)
        or mimetypes.guess_type(path.name)[0]
        or "application/octet-stream"
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        value = orjson.loads(path.read_bytes())
    except OSError as error:
        raise forms.FormRefused(f"{path}: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise forms.FormRefused(f"{path} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise forms.FormRefused(f"{path} must hold one JSON object")
    return value


def _dataset(said: dict[str, Any]) -> dict[str, Any]:
    inside = said.get("dataset")
    return {**said, **inside} if isinstance(inside, dict) else said


def _metadata(said: dict[str, Any]) -> Metadata:
    dataset = _dataset(said)
    columns = []
    for column in dataset.get("columns") or ():
        try:
            columns.append(Column.model_validate({"description": "-", "type": "any"} | column))
        except (ValidationError, TypeError):
            continue  # what is wrong with it is told by `_of_metadata`
    personal = dataset.get("personal_data")
    title = " ".join(str(dataset.get(name, "")) for name in ("title", "summary", "keywords"))
    return Metadata(tuple(columns), title, bool(personal.get("contains")) if isinstance(personal, dict) else None)


def _of_metadata(said: dict[str, Any], given: Sequence[Given]) -> tuple[Finding, ...]:
    """What the checks of metadata find; metadata that is not yet whole is told once."""
    if not said:
        return ()
    try:
        dataset = Dataset.model_validate_json(orjson.dumps(_dataset(said)))
    except ValidationError as error:
        wrong = sorted({".".join(str(part) for part in e["loc"]) or "dataset" for e in error.errors()})
        message = f"Metadata belum lengkap atau belum benar: {', '.join(wrong[:8])}. Lengkapi sebelum diserahkan."
        english = f"The metadata is not yet complete or correct: {', '.join(wrong[:8])}. Complete it before handing in."
        return (Finding(word="lengkap", severity="info", code="metadata_unfinished", message=message, message_en=english),)
    files = [File(name=file.name, media_type=file.media_type, bytes=file.path.stat().st_size, sha256="0" * 64) for file in given]
    return metadata_findings(dataset, files, today=datetime.now(UTC).date())


def in_words(told: Report) -> None:
    """A table for somebody who has never used a terminal before, and what to do next."""
    console = Console(highlight=False)
    counts = Counter[str](f.severity for f in told.findings)
    said = ", ".join(f"{counts[severity]} {word}" for severity, word in SEVERITIES.items() if counts[severity])
    console.print(f"Hasil pemeriksaan: {said or 'tidak ada temuan'}.")
    if told.findings:
        table = Table(show_lines=True)
        for header in ("tingkat", "tempat", "apa yang ditemukan dan apa yang perlu dilakukan"):
            table.add_column(header)
        for f in told.findings:
            where = "\n".join(part for part in (f.file, f.sheet and f"lembar {f.sheet}", f.column and f"kolom {f.column}") if part)
            sample = f"\nContoh (disamarkan): {f.sample}" if f.sample else ""
            table.add_row(SEVERITIES[f.severity], _plain(where), _plain(f"{f.message}{sample}\n({f.code})"))
        console.print(table)
    for code, count in told.more.items():
        console.print(f"  dan {count} temuan lagi: {code}")
    console.print("Menurut lima kata SOP:")
    for word, score in told.scores.items():
        console.print(f"  {word:10} {SCORES[score]:16} {MEANINGS[word]}")
    console.print(NEXT[exit_code(told)])


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


MEANINGS: Final = {
    "terpadu": "kode dan nama wilayah cocok dengan daftar resmi",
    "lengkap": "tidak ada kolom, isi atau keterangan yang kurang",
    "aktual": "periodenya sesuai dan belum usang",
    "valid": "berkas terbuka, isinya benar, tanpa data pribadi",
    "akuntabel": "jelas asal dan penanggung jawabnya",
}
NEXT: Final = {
    0: "Tidak ada yang perlu diperbaiki. Data siap diserahkan.",
    1: "Ada GALAT: perbaiki berkasnya, simpan, lalu jalankan perintah ini lagi. Data dengan galat tidak dapat diverifikasi.",
    3: "Tidak ada galat. Baca tiap PERHATIAN: perbaiki bila keliru; bila memang benar, jelaskan saat menyerahkan.",
}
