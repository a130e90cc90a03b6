"""The real HTTP application of some lanes, or of the desk, on one port; settings from the environment.

python -m benchmarks.pages_process PORT LANE …
"""

import asyncio
import sys
from os import environ

import uvicorn

from benchmarks.workers import answer, lines
from jejak.app import create_app, create_desk_alone
from jejak.desk_parts import DESK, prepare_desk
from jejak.prepare import configure_logs, settle_heap
from lane.settings import read_settings


async def run(port: int, names: list[str]) -> None:
    settings = read_settings(environ)
    configure_logs(settings.log_level)
    if names == [DESK]:
        prepare_desk(settings)
    app = create_desk_alone(settings) if names == [DESK] else create_app(settings, names)
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="on", server_header=False)
    server = uvicorn.Server(config)
    settle_heap()
    serving = asyncio.create_task(server.serve())
    answer({"starting": port})
    heard = await lines()
    await heard.readline()
    server.should_exit = True
    await serving


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), sys.argv[2:]))
