"""The message tree of a ChatGPT account export: the branch that the user saw last, as a list of messages.

Regenerated answers and edited prompts make branches; `current_node` names the leaf of the one last shown.
"""

from collections.abc import Mapping
from typing import Final

from clio_lite.conversation import RecordError, optional_text, read_content, read_role, required_field, type_name

_SPOKEN_CONTENT: Final = frozenset({"text", "multimodal_text"})


def chatgpt_messages(record: Mapping[str, object]) -> list[tuple[str, str]]:
    """Read role and text along the branch last shown, from the root to its leaf.

    Passed over: hidden messages, the user's standing instructions, the model's thoughts. What the assistant writes to
    a tool counts as the tool's.

    Args:
        record: Conversation as parsed, with `mapping`.

    Raises:
        RecordError: The tree or a message in it has an unexpected form.
    """
    messages = []
    for message in _branch(record):
        metadata = message.get("metadata")
        if isinstance(metadata, dict) and metadata.get("is_visually_hidden_from_conversation"):
            continue
        content = message.get("content")
        if not isinstance(content, dict):
            continue
        author = message.get("author")
        role = read_role(author.get("role") if isinstance(author, dict) else None)
        if role == "assistant" and message.get("recipient") not in (None, "all"):
            role = "tool"
        is_spoken = content.get("content_type", "text") in _SPOKEN_CONTENT
        if is_spoken or (role == "tool" and content.get("content_type") == "code"):
            messages.append((role, read_content(content.get("parts")) or read_content(content.get("text"))))
    return messages


def chatgpt_model(record: Mapping[str, object]) -> str | None:
    """Name the model of the last answer on the branch that names one, else the conversation's default.

    Args:
        record: Conversation as parsed, with `mapping`.
    """
    for message in reversed(_branch(record)):
        metadata = message.get("metadata")
        if isinstance(metadata, dict) and (model := optional_text(metadata, "model_slug")):
            return model
    return optional_text(record, "default_model_slug")


def _branch(record: Mapping[str, object]) -> list[dict[str, object]]:
    """Messages from the root to the current leaf; nodes without a message are passed over."""
    mapping = required_field(record, "mapping")
    if not isinstance(mapping, dict):
        raise RecordError("wrong_type", f"field 'mapping': expected an object, found {type_name(mapping)}")
    node_id: object = record.get("current_node")
    if not isinstance(node_id, str) or node_id not in mapping:
        node_id = _latest_leaf(mapping)
    messages: list[dict[str, object]] = []
    seen: set[str] = set()
    while isinstance(node_id, str) and node_id in mapping and node_id not in seen:
        seen.add(node_id)
        node = mapping[node_id]
        if not isinstance(node, dict):
            raise RecordError("wrong_type", f"a node of 'mapping': expected an object, found {type_name(node)}")
        message = node.get("message")
        if isinstance(message, dict):
            messages.append(message)
        node_id = node.get("parent")
    return messages[::-1]


def _latest_leaf(mapping: Mapping[str, object]) -> str | None:
    """Leaf with the latest message, for old exports that name no current one; ties go to the highest id."""
    named = (node.get("parent") for node in mapping.values() if isinstance(node, dict))
    parents = {parent for parent in named if isinstance(parent, str)}
    leaves = [node_id for node_id in mapping if node_id not in parents]
    return max(leaves, key=lambda node_id: (_written_at(mapping[node_id]), node_id), default=None)


def _written_at(node: object) -> float:
    message = node.get("message") if isinstance(node, dict) else None
    time = message.get("create_time") if isinstance(message, dict) else None
    return float(time) if isinstance(time, int | float) else 0.0
