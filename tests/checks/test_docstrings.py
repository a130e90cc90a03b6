"""The examples in the docstrings are as they say."""

import doctest
import importlib
from pathlib import Path

import pytest

import checks

WITH_EXAMPLES = sorted(path.stem for path in Path(checks.__file__).parent.glob("*.py") if ">>> " in path.read_text("utf-8"))


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_are_true(name: str) -> None:
    told = doctest.testmod(importlib.import_module(f"checks.{name}"))
    assert (told.failed, told.attempted > 0) == (0, True)
