"""Where the inputs named in the settings lie: releases, labour statistics, conversations."""

import re
from pathlib import Path

import httpx

from onet.release import download_release
from pipelines.errors import InputUnusableError
from pipelines.settings import STARTER, RunFields
from pipelines.storage import Store

_VERSION = re.compile(r"^\d{2}\.\d$")


def release_path(settings: RunFields, store: Store) -> Path:
    """File or folder of the O*NET release that the settings name.

    A version number is downloaded once from the official site and kept in the store's cache.

    Raises:
        InputUnusableError: It is neither `starter`, a path that exists, nor a version number.
    """
    return release_source(settings.onet, store)


def release_source(text: str, store: Store) -> Path:
    """File or folder of a release given as a path, a version number or `starter`.

    Args:
        text: The path, version or name.
        store: Its cache keeps what is downloaded.

    Raises:
        InputUnusableError: It is none of them.
    """
    if text == "starter":
        return STARTER
    path = Path(text)
    if path.exists():
        return path
    if _VERSION.match(text):
        with httpx.Client(timeout=60, follow_redirects=True) as client:
            return download_release(text, store.releases, client=client)
    raise InputUnusableError(
        f"expected an O*NET file, folder, version such as 29.1, or 'starter'; found {text!r}: "
        "check the path or the version"
    )


def oews_path(settings: RunFields) -> Path | None:
    """OEWS file of the settings; the starter figures for the starter catalogue; else None.

    Raises:
        InputUnusableError: A file is named and is not there.
    """
    if settings.oews:
        return existing_path(settings.oews, "an OEWS national file", "oews")
    if settings.onet == "starter":
        return STARTER / "oews" / "national_M2024_starter.csv"
    return None


def soc_structure_path(settings: RunFields) -> Path | None:
    """SOC structure file of the settings, or None.

    Raises:
        InputUnusableError: A file is named and is not there.
    """
    return (
        existing_path(settings.soc_structure, "a SOC structure file", "soc_structure")
        if settings.soc_structure
        else None
    )


def conversations_path(settings: RunFields, store: Store) -> Path:
    """File or folder of the conversations; the store's inbox where none is named.

    Raises:
        InputUnusableError: Nothing is there.
    """
    path = store.inbox
    if settings.conversations:
        path = existing_path(settings.conversations, "a file or folder of conversations", "conversations")
    if path.is_dir() and not any(path.iterdir()):
        raise InputUnusableError(
            f"expected conversations, found an empty folder at {path}: pass --conversations PATH, "
            "set 'conversations' in the launchpad, or put files into that folder"
        )
    return path


def existing_path(text: str, what: str, setting: str) -> Path:
    """Path that a setting names.

    Args:
        text: Value of the setting.
        what: What is expected there, for the message.
        setting: Name of the setting.

    Raises:
        InputUnusableError: Nothing is there.
    """
    path = Path(text)
    if not path.exists():
        raise InputUnusableError(f"expected {what}, found nothing at {text}: check '{setting}'")
    return path
