"""The operator's word, as it is typed on the command line: who, when, how and why in; `Word` out. It is kept for as long as the store."""

import getpass
from datetime import UTC, datetime

import typer

from events.alarms import Word
from lane.notes import personal_data_noted


def word_of(by: str | None, how: str, note: str) -> Word:
    """`by`: else who is logged in here. Ends with exit code 2 where the note holds somebody's personal data, as over HTTP."""
    if reasons := personal_data_noted(note):
        raise typer.BadParameter(reasons[0].note, param_hint="--note")
    return Word(by or getpass.getuser(), datetime.now(UTC), how, note)
