"""The embedded auditor: grades a text that is about to be published, by rules that anybody can read.

It looks at the finished text alone, whoever wrote it, and at how many accounts used its words. The threshold on the
grade is in `privacy`.
"""

from collections.abc import Mapping
from typing import Final

import regex

from clio_lite.redaction import redact_text
from clio_lite.vocabulary import is_public, person_names, refused_tokens, refused_words, split_words

_INNER_CAPITAL: Final = regex.compile(r"(?<![.!?:]\s*)(?<=\S\s+)\p{Lu}[\p{L}\p{M}-]*")


def grade_text(text: str, account_counts: Mapping[str, int], *, min_accounts: int) -> int:
    """Grade how safe a name or description is, on Clio's scale (arXiv 2412.13678) from 1 to 5.

    1: redaction finds a private string in it.
    2: it holds a token that never may be published: a digit, an @, a web address, a placeholder.
    3: it holds a word that fewer than `min_accounts` accounts used, a given name, or a capitalised word inside a
       sentence that fewer than twice as many used; for review, not published.
    4: every word is public or was used by enough accounts.
    5: every word is public or was used by at least twice as many accounts as are needed.

    Args:
        text: Name or description.
        account_counts: Distinct accounts of the cluster that used each word.
        min_accounts: Accounts that a word needs unless it is public.
    """
    if redact_text(text).counts:
        return 1
    if refused_tokens(text):
        return 2
    words = {word for word in split_words(text) if not is_public(word)}
    unusual = {word for word in words if account_counts.get(word, 0) < 2 * min_accounts}
    capitalised = {word for match in _INNER_CAPITAL.findall(text) for word in split_words(match)}
    if (
        refused_words(text, account_counts, min_accounts=min_accounts)
        or words & person_names()
        or capitalised & unusual
    ):
        return 3
    return 4 if unusual else 5
