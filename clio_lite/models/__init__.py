"""Language models: the protocol, prompts, and a model behind a service with its cache, limits and account.

No asset asks a service by itself: it poses questions with `pose` and hands them to a `LanguageModel`.
"""

from clio_lite.models.prompts import Option, Prompt, load_prompt, pose
from clio_lite.models.protocol import FAILURE_REASONS, ROLES, Answer, LanguageModel, Question

__all__ = [
    "FAILURE_REASONS",
    "ROLES",
    "Answer",
    "LanguageModel",
    "Option",
    "Prompt",
    "Question",
    "load_prompt",
    "pose",
]
