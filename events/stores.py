"""Opens the store that a journal lies in. `sqlite:DIR/` or `postgresql://…` and a lane in; an open `Store`, brought up to date, out.

Lanes may have addresses of their own, each with its own password: `intake=postgresql://… review=postgresql://…`.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from events.migration import bring_up, is_of_now
from events.postgres import PostgresStore, postgres_datastore
from events.recorder import Store
from events.recorder import StoreRefused as StoreRefused  # noqa: PLC0414 (who opens a store, asks here why not)
from events.sqlite import SQLiteStore, sqlite_beside, sqlite_reader, sqlite_store

POSTGRES: tuple[str, ...] = ("postgresql://", "postgres://")
_ITS_OWN = re.compile(r"([a-z]+)=(\S+)")


def addresses_of(addresses: str) -> Mapping[str, str]:
    """Lane → address; the one for all lanes stands under ""."""
    parts = addresses.split()
    if parts and all(_ITS_OWN.fullmatch(part) for part in parts):
        return {lane: address for lane, _, address in (part.partition("=") for part in parts)}
    return {"": addresses}


def address_of(addresses: str, lane: str) -> str:
    """Where this lane's journal lies. Raises StoreRefused when only other lanes' addresses are given."""
    own = addresses_of(addresses)
    if (found := own.get(lane, own.get(""))) is None:
        raise StoreRefused(f"JEJAK_STORE has the addresses of {', '.join(sorted(own))} only, and none for the lane {lane}")
    return found


def open_store(address: str, lane: str) -> Store:
    """The lane names the file or the schema. Makes missing tables, and brings an older journal up. Raises StoreRefused."""
    address = address_of(address, lane)
    if address.startswith("sqlite:"):
        store = sqlite_store(Path(address.removeprefix("sqlite:")), lane)
        try:
            bring_up(store)
        except BaseException:
            store.close()
            raise
        return store
    if address.startswith(POSTGRES):
        return _open_postgres(address, lane)
    raise _no_store(address)


def open_reader(address: str, lane: str) -> Store:
    """As `open_store`, but only to read, also while the lane runs: takes no lock, makes nothing. Raises StoreRefused."""
    address = address_of(address, lane)
    if address.startswith("sqlite:"):
        store: SQLiteStore | PostgresStore = sqlite_reader(Path(address.removeprefix("sqlite:")), lane)
    elif address.startswith(POSTGRES):
        datastore = postgres_datastore(address, lane, {"options": "-c default_transaction_read_only=on"})
        datastore.register_type_adapters()
        store = PostgresStore(datastore)
    else:
        raise _no_store(address)
    if not (store.tables_exist() and is_of_now(store)):
        store.close()
        none = f"there is no journal of the lane {lane} in this store, or one of an older program: start the lane once"
        raise StoreRefused(f"{none}; or one of a newer program: install that")
    return store


def open_beside(address: str, lane: str) -> Store:
    """As `open_reader`, but also to write the operator's word, while the lane runs or not. Raises StoreRefused."""
    open_reader(address, lane).close()
    if address.startswith("sqlite:"):
        return sqlite_beside(Path(address.removeprefix("sqlite:")), lane)
    datastore = postgres_datastore(address, lane, {})
    datastore.register_type_adapters()
    return PostgresStore(datastore)


def _open_postgres(address: str, lane: str) -> Store:
    if os.environ.get("POSTGRES_ENABLE_DB_FUNCTIONS", "").lower() in {"y", "yes", "t", "true", "on", "1"}:
        raise StoreRefused("POSTGRES_ENABLE_DB_FUNCTIONS drops inbox positions silently; unset it")
    datastore = postgres_datastore(address, lane, {})
    store = PostgresStore(datastore)
    with store.migrating():
        if not store.tables_exist():
            store.create_table()
        bring_up(store)
    datastore.register_type_adapters()
    return store


def _no_store(address: str) -> StoreRefused:
    return StoreRefused(f"JEJAK_STORE must be sqlite:DIR/ or postgresql://…, not {address!r}")
