"""Prompts as versioned files, and how a question is made from one.

A prompt is `clio_lite/prompts/<name>.toml`: `id`, `version`, `role`, `system`, `user` and a table `cut`. The version in
use is the declared one with a digest of the file, so a changed word is another version. In `system` and `user`,
`$name` stands for a fact, an option list or a block of data of that name; `$$` is a dollar sign.
"""

import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from string import Template
from typing import Final

from pydantic import BaseModel

from clio_lite.conversation import Turn
from clio_lite.errors import PromptError
from clio_lite.models.delimiting import (
    NOTICE,
    CutRule,
    conversation_text,
    data_block,
    delimiter_tag,
    numbered_text,
)
from clio_lite.models.protocol import ROLES, Question

PROMPTS_DIR: Final = Path(__file__).parents[1] / "prompts"
CONVERSATION: Final = "conversation"
"""Name of the block that holds the turns."""
_FIELDS: Final = {"id": str, "version": str, "role": str, "system": str, "user": str, "cut": dict}
_ID: Final = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Prompt:
    """A prompt as read from its file.

    Attributes:
        id: Its name.
        version: Declared version and digest of the file, such as `1-3f9a02c1`.
        role: Role that asks it.
        system: Template of the instructions.
        user: Template of the question.
        cut: How long data is shortened.
    """

    id: str
    version: str
    role: str
    system: str
    user: str
    cut: CutRule

    @property
    def names(self) -> frozenset[str]:
        """Names that the templates ask for."""
        return frozenset(Template(self.system).get_identifiers()) | frozenset(Template(self.user).get_identifiers())


@dataclass(frozen=True)
class Option:
    """One option of a list: the value that the answer names, and what is shown of it."""

    value: str
    text: str = ""


@cache
def load_prompt(name: str, folder: Path = PROMPTS_DIR) -> Prompt:
    """Read a prompt.

    Args:
        name: File name without its ending; equal to the `id` inside.
        folder: Where it lies.

    Raises:
        PromptError: No such file, or it does not have the fields of a prompt.
    """
    path = folder / f"{name}.toml"
    if not path.is_file():
        raise PromptError(f"expected a prompt {name}.toml, found none in {folder.name}/: check the name")
    content = path.read_bytes()
    try:
        raw = tomllib.loads(content.decode())
    except ValueError as error:
        raise PromptError(f"prompt {name}: expected TOML, found {error}: correct the file") from None
    wrong = sorted(key for key, kind in _FIELDS.items() if not isinstance(raw.get(key), kind))
    if wrong or set(raw) - set(_FIELDS):
        raise PromptError(
            f"prompt {name}: expected the fields {', '.join(_FIELDS)}, found {', '.join(sorted(raw))}: correct the file"
        )
    if raw["id"] != name or not _ID.fullmatch(name) or raw["role"] not in ROLES:
        raise PromptError(
            f"prompt {name}: expected its id to be its file name and its role one of {', '.join(ROLES)}, "
            f"found {raw['id']!r} and {raw['role']!r}: correct the file"
        )
    try:
        cut = CutRule(**raw["cut"])
    except (TypeError, ValueError) as error:
        raise PromptError(f"prompt {name}: {error}: correct its table cut") from None
    digest = blake2b(content, digest_size=4).hexdigest()
    templates = {part: raw[part].strip() for part in ("system", "user")}
    for part, text in templates.items():
        if not Template(text).is_valid():
            raise PromptError(f"prompt {name}: expected '$name' or '$$' in {part}, found a lone '$': double it")
    return Prompt(name, f"{raw['version']}-{digest}", raw["role"], templates["system"], templates["user"], cut)


def question_seed(seed: int, prompt: Prompt, key: str) -> int:
    """Seed of one question: from the run's seed, the prompt and the key, 31 bits.

    Args:
        seed: Seed of the run.
        prompt: The prompt.
        key: What the question is about.
    """
    digest = blake2b(f"{seed}|{prompt.id}|{key}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1


def shuffled(options: Sequence[Option], *, seed: int, name: str) -> tuple[Option, ...]:
    """Put options in an order drawn from a seed; the order in which they are given does not count.

    Args:
        options: Options with distinct values.
        seed: Seed of the question.
        name: Name of the list, so that two lists of one question are drawn apart.

    Raises:
        ValueError: Two options have the same value.
    """
    listed = sorted(options, key=lambda option: option.value)
    if len({option.value for option in listed}) < len(listed):
        raise ValueError(f"option list {name}: expected distinct values, found one twice")
    random.Random(f"{seed}|{name}").shuffle(listed)
    return tuple(listed)


def _shown(options: Sequence[Option], *, is_numbered: bool) -> str:
    if is_numbered:
        return "\n".join(f"{number}. {option.text or option.value}" for number, option in enumerate(options, start=1))
    return "\n".join(f"- {option.value}: {option.text}" if option.text else f"- {option.value}" for option in options)


def pose(
    prompt: Prompt,
    *,
    key: str,
    answer_schema: type[BaseModel],
    seed: int,
    turns: Sequence[Turn] = (),
    data: Mapping[str, Sequence[str]] | None = None,
    options: Mapping[str, Sequence[Option]] | None = None,
    numbered_options: Mapping[str, Sequence[Option]] | None = None,
    facts: Mapping[str, str] | None = None,
    subjects: Sequence[str] = (),
) -> Question:
    """Make a question from a prompt.

    Args:
        prompt: The prompt.
        key: What it is about, content-free.
        answer_schema: The shape of the answer.
        seed: Seed of the run.
        turns: Conversation, shown as `$conversation`: untrusted, cut and delimited.
        data: Lists of untrusted texts by name, each shown as a delimited block of numbered lines.
        options: Lists to choose from by value, by name; trusted, shuffled.
        numbered_options: Lists to choose from by number from 1, shuffled before they are numbered, so that a number
            tells nothing; `Question.options[name][number - 1]` is the value.
        facts: Trusted texts by name.
        subjects: Conversations whose text is in the question; empty: the key, where there are turns or data.

    Raises:
        ValueError: What is given is not what the templates ask for, or option values repeat.
    """
    own_seed = question_seed(seed, prompt, key)
    blocks = {name: numbered_text(texts, prompt.cut) for name, texts in (data or {}).items()}
    if turns:
        blocks[CONVERSATION] = conversation_text(turns, prompt.cut)
    tag = delimiter_tag([blocks[name] for name in sorted(blocks)], salt=f"{prompt.id}|{prompt.version}|{own_seed}")
    orders = {
        name: shuffled(listed, seed=own_seed, name=name)
        for name, listed in {**(options or {}), **(numbered_options or {})}.items()
    }
    parts = {
        **(facts or {}),
        **{name: _shown(order, is_numbered=name in (numbered_options or {})) for name, order in orders.items()},
        **{name: data_block(text, tag) for name, text in blocks.items()},
    }
    if set(parts) != prompt.names:
        raise ValueError(f"prompt {prompt.id}: expected {sorted(prompt.names)}, found {sorted(parts)}")
    system = Template(prompt.system).substitute(parts)
    return Question(
        role=prompt.role,
        key=key,
        prompt=prompt.id,
        prompt_version=prompt.version,
        system=f"{system}\n\n{NOTICE.format(tag=tag)}" if blocks else system,
        user=Template(prompt.user).substitute(parts),
        answer_schema=answer_schema,
        seed=own_seed,
        options={name: tuple(option.value for option in order) for name, order in orders.items()},
        subjects=tuple(subjects) or ((key,) if blocks else ()),
    )
