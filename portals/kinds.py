"""The kinds of portals: an address in, the portal behind it out."""

from pathlib import Path
from typing import Literal

from lane.settings import Settings
from portals.portal import Portal


def kind_of(address: str) -> Literal["folder", "ckan"]:
    """The name on the log of the portal at this address."""
    return "folder" if address.startswith("folder:") else "ckan"


def open_portal(address: str, *, token: str | None = None, timeout: float = 30.0, public_url: str | None = None) -> Portal:
    """The portal behind `folder:<path>` or an http(s) CKAN address.

    `timeout` bounds each wait for CKAN, in seconds. `public_url` is where the public finds the folder; without it links are relative.
    Raises ValueError with a message for people.
    """
    # Imported here: a folder should not cost the import of CKAN's library.
    if kind_of(address) == "folder" and address != "folder:":
        from portals.folder.folder import FolderPortal

        return FolderPortal(Path(address.removeprefix("folder:")), public_url=public_url)
    if address.startswith(("http://", "https://")):
        from portals.ckan.portal import CkanPortal

        return CkanPortal(address, token=token, timeout=timeout)
    raise ValueError(f"Alamat portal {address!r} harus berbentuk folder:<path> atau alamat CKAN yang diawali http:// atau https://.")


def portal_of(settings: Settings) -> Portal:
    """The portal that these settings name. Raises ValueError with a message for people."""
    return open_portal(
        settings.portal, token=settings.portal_token, timeout=settings.portal_timeout_s, public_url=settings.portal_public_url
    )
