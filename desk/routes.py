"""All pages, by module: the index of what the desk shows and takes."""

from typing import Final

from fastapi import APIRouter

from desk.pages import account, case, decide, directory, find, hand_in, inbox, login, provider, publication, revise, together, trail

ROUTERS: Final[tuple[APIRouter, ...]] = (
    login.router,
    provider.router,
    inbox.router,
    hand_in.router,
    case.router,
    trail.router,
    decide.router,
    together.router,
    revise.router,
    publication.router,
    find.router,
    account.router,
    directory.router,
)
