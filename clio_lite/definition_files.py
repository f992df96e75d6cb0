"""The definition files of the package at run time; training reads them from a folder that it is given."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def read_definition(name: str) -> dict[str, Any]:
    """Read a file of `clio_lite/definitions`, once.

    Args:
        name: File name, such as `cues.toml`.

    Returns:
        Its content, not to be changed.
    """
    return tomllib.loads((resources.files("clio_lite") / "definitions" / name).read_text(encoding="utf-8"))
