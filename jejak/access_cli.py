"""`jejak access FOLDER`: this installation's users on its Kafka, each with the rights of its row. Passwords are files `kafka-<name>`."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from bus.access import Access
from bus.rights import RIGHTS
from jejak.prepare import configure_logs
from jejak.say import say
from lane.settings import read_settings

PREFIX: Final = "kafka-"
app = typer.Typer(add_completion=False)


@app.command("access")
def run_access(folder: Annotated[Path, typer.Argument(help="Where the files kafka-<name> with the passwords lie.")]) -> None:
    """Make the users of lanes, desk and operator on Kafka, with their rights; said again, it takes over passwords that have changed."""
    settings = read_settings(os.environ)
    configure_logs(settings.log_level)
    access = Access(settings.kafka_cluster())
    for file in sorted(folder.glob(f"{PREFIX}*")):
        user = f"jejak-{file.name.removeprefix(PREFIX)}"
        access.put_user(user, file.read_text("utf-8").strip(), RIGHTS.get(user, ()))
        say(f"{user}: ready, with {len(RIGHTS.get(user, ()))} rows of rights")
