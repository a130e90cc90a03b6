"""Lanes, and the desk, behind one port until asked to stop. Settings and lane names in; returns when SIGINT or SIGTERM came."""

import logging
import signal
import socket
from collections.abc import Sequence
from types import FrameType
from typing import Final

import uvicorn

from jejak.app import create_app, create_desk_alone
from jejak.prepare import StartRefused, settle_heap
from lane.settings import DESK, Settings

STOP_S: Final = 3


def serve(settings: Settings, names: Sequence[str]) -> None:
    """Run lanes, the desk, or both until SIGINT or SIGTERM; stops within ten seconds."""
    try:
        listening = socket.create_server((settings.host, settings.port), reuse_port=False)
    except OSError as error:
        raise StartRefused(
            f"{settings.host}:{settings.port} cannot be listened on ({error.strerror}); choose another JEJAK_PORT"
        ) from error
    app = create_desk_alone(settings) if list(names) == [DESK] else create_app(settings, names)
    with listening:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=STOP_S,
            lifespan="on",
            server_header=False,
        )
        server = uvicorn.Server(config)
        settle_heap()
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # what fails is told below, and by `services.web`
        signal.signal(signal.SIGTERM, _leave)  # uvicorn sends itself the signal again when it has stopped
        try:
            server.run(sockets=[listening])
        except SystemExit:
            if server.started:
                raise
        if not server.started:
            raise getattr(app.state, "could_not_start", None) or StartRefused(
                "the lanes could not be started; the reason is in the line above"
            )


def _leave(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)
