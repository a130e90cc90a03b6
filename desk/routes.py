"""All pages, by module: the index of what the desk shows and takes."""

from typing import Final

from fastapi import APIRouter

from desk.pages import case, decide, hand_in, inbox, login, revise

ROUTERS: Final[tuple[APIRouter, ...]] = (login.router, inbox.router, hand_in.router, case.router, decide.router, revise.router)
