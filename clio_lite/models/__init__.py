"""Language models: the protocol, prompts, and a model behind a service with its cache, limits and account.

No asset asks a service by itself: it poses questions with `pose` and hands them to a `LanguageModel`.
"""

from clio_lite.models.anthropic_service import AnthropicService
from clio_lite.models.batches import BatchPlan
from clio_lite.models.cache import ReplyCache
from clio_lite.models.openai_service import OpenAIService
from clio_lite.models.pace import Pace
from clio_lite.models.prompts import Option, Prompt, load_prompt, pose
from clio_lite.models.protocol import FAILURE_REASONS, ROLES, Answer, LanguageModel, Question
from clio_lite.models.served import ServedModel
from clio_lite.models.service import Service
from clio_lite.models.spending import Limits, Prices
from clio_lite.models.use import ModelUse

__all__ = [
    "FAILURE_REASONS",
    "ROLES",
    "Answer",
    "AnthropicService",
    "BatchPlan",
    "LanguageModel",
    "Limits",
    "ModelUse",
    "OpenAIService",
    "Option",
    "Pace",
    "Prices",
    "Prompt",
    "Question",
    "ReplyCache",
    "ServedModel",
    "Service",
    "load_prompt",
    "pose",
]
