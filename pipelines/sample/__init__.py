"""Synthetic conversations with known truth: the bundled sample, tests and scale runs are made of them.

Here belong the generator, its phrase pools, the made-up private details and the writer. Nothing here reads real
conversations, and nothing here takes part in a run of the index.
"""

from pipelines.sample.conversation import Message, PrivateString, SampleConversation, SampleRecord, SampleTruth
from pipelines.sample.generator import generate_conversations
from pipelines.sample.writer import SampleSummary, write_sample

__all__ = [
    "Message",
    "PrivateString",
    "SampleConversation",
    "SampleRecord",
    "SampleSummary",
    "SampleTruth",
    "generate_conversations",
    "write_sample",
]
