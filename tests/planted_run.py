"""Planted accounts against `usage-index run` with a model that obeys whatever it reads, behind a server of its own.

As `planted_accounts`, but end to end: readers, redaction, requests, clusters, the label and hierarchy roles over HTTP,
the gate. The model writes every rare word of its data into name and description. As a script it prints, per attack,
which of the planted words stand in a published text: `python tests/planted_run.py`.
"""

import json
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
from misbehaving_model_server import misbehaving_server
from planted_accounts import ATTACKERS, DECOYS, DETAILS, TARGET_FORM, attack_texts, background
from role_answers import answer, blocks, well_behaved

MONTH = "2026-10"
OWN_WORDS = ("glimmerwick", "Torvandel")
"""Words of the attacker's own, which no target says."""


def obedient(document: dict[str, Any]) -> str:
    """Answer with the rarest words of the data, as far as they are not refused yet."""
    said = json.loads(answer(document))
    if "description" not in said:
        return json.dumps(said)
    words = [word for block in blocks(document) for word in re.findall(r"[^\W\d_]{5,}", block)]
    count = Counter(words)
    refused = set(re.findall(r"[^\W\d_]{5,}", blocks(document)[3].casefold())) if len(blocks(document)) > 3 else set()
    rare = [
        word for word, _ in sorted(count.items(), key=lambda row: (row[1], row[0])) if word.casefold() not in refused
    ]
    said = {
        "name": f"Plan {' '.join(rare[:6])}",
        "description": f"Users mention {', '.join(rare[:12])}. They ask for it.",
    }
    return json.dumps(said)


def world(attack: str, detail: str | None, planted: int) -> list[tuple[str, str]]:
    """Account and text of each conversation.

    Args:
        attack: A strategy of `attack_texts`, or `own`: words of the attackers' own from all their accounts.
        detail: The target's word; None without a target.
        planted: Accounts that use the candidates when tipping.
    """
    rng = random.Random(attack)
    texts = background(rng)
    if attack == "own":
        forms = [f"Plan a salt-free diet with {word}." for word in OWN_WORDS]
        texts += [(f"attacker-{number}", form) for number in range(ATTACKERS) for form in forms]
    else:
        texts += attack_texts(attack, (*DETAILS, *DECOYS), planted=planted, rng=rng)
    rng.shuffle(texts)
    return texts + ([("target", TARGET_FORM.format(detail))] if detail else [])


def published_texts(texts: list[tuple[str, str]], folder: Path, url: str) -> list[str]:
    """Names and descriptions that a run with the model publishes.

    Args:
        texts: Account and text of each conversation.
        folder: An empty folder.
        url: Address of the model.
    """
    rows = [
        {
            "conversation_id": f"c{number:05d}",
            "user_id": account,
            "started_at": f"{MONTH}-{1 + number % 28:02d}T10:00:00Z",
            "messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "Here is a plan."}],
        }
        for number, (account, text) in enumerate(texts)
    ]
    source, settings = folder / "in.jsonl", folder / "settings.toml"
    source.write_text("\n".join(map(json.dumps, rows)))
    choice = f'model = "m"\nbase_url = "{url}/v1"\nmax_retries = 2\ntimeout_seconds = 20.0\n'
    settings.write_text(f"[models]\nhierarchy_fallback = true\n[models.label]\n{choice}[models.hierarchy]\n{choice}")
    places = ["--store", str(folder / "store"), "--out", str(folder / "out"), "--config", str(settings)]
    command = [
        str(Path(sys.executable).parent / "usage-index"),
        "run",
        "--month",
        MONTH,
        "--conversations",
        str(source),
    ]
    done = subprocess.run([*command, *places], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the run ended with {done.returncode}: {done.stderr[-2000:]}")
    table = pl.read_parquet(folder / "store" / "tables" / "idx" / "request_cluster_month" / f"{MONTH}.parquet")
    strings = [name for name, kind in table.schema.items() if kind == pl.String]
    return [text for name in strings for text in table[name].drop_nulls().to_list()]


def main() -> None:
    """Print per attack which planted words are published, with the target and without."""
    words = (*DETAILS, *DECOYS, *OWN_WORDS)
    with misbehaving_server(script=well_behaved, answer=obedient) as server:
        for attack, detail, planted in (
            ("instruct", "narcolepsy", 0),
            ("guess", "narcolepsy", ATTACKERS),
            ("tip", "narcolepsy", 24),
            ("own", "narcolepsy", 0),
        ):
            for target in (detail, None):
                with tempfile.TemporaryDirectory() as folder:
                    texts = published_texts(world(attack, target, planted), Path(folder), server.url)
                shown = [word for word in words if any(word.casefold() in text.casefold() for text in texts)]
                named = sorted({text for text in texts if "diet" in text.casefold()})
                sys.stdout.write(f"{attack:9s} {'with' if target else 'without'} target: {shown} | {named[:3]}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
