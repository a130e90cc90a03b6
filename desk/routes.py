"""All pages, by module: the index of what the desk shows and takes."""

from typing import Final

from fastapi import APIRouter

from desk.pages import inbox, login

ROUTERS: Final[tuple[APIRouter, ...]] = (login.router, inbox.router)
