"""A safeguard taken out: the product's own source with one piece of text replaced, put in its place for the length of a test.

Fails loudly when the text is no longer there, so that no removal quietly removes nothing.
"""

import inspect
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any


@contextmanager
def patched(owner: Any, name: str, old: str, new: str) -> Iterator[None]:
    """`owner`: a module or a class; `old` must stand in the source of its function exactly once."""
    function: FunctionType = inspect.unwrap(getattr(owner, name))
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{name} no longer says {old!r}: mend the removal"
    space = sys.modules[function.__module__].__dict__
    made: dict[str, Any] = {}
    exec(compile(source.replace(old, new), f"<{name} without a safeguard>", "exec"), space, made)  # noqa: S102
    before = getattr(owner, name)
    setattr(owner, name, made[name])
    try:
        yield
    finally:
        setattr(owner, name, before)
