"""Small classifiers on sentence vectors and dialogue structure, trained from the definition files.

`prediction` applies them and `files` keeps them; `training` makes them, which needs neither a user nor a build:
`python -m clio_lite.heads` retrains the ones in `clio_lite/trained`. The same definitions, encoder and seed give the
same bytes.
"""

from clio_lite.heads.files import HEADS_DIR, load_heads, save_heads
from clio_lite.heads.prediction import ConversationFeatures, Heads, LinearHead, SkillHead, conversation_features

__all__ = [
    "HEADS_DIR",
    "ConversationFeatures",
    "Heads",
    "LinearHead",
    "SkillHead",
    "conversation_features",
    "load_heads",
    "save_heads",
]
