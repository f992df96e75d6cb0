"""Errors of the conversation library that a user can mend; never with conversation text in them."""


class ClioLiteError(Exception):
    """Base of every error of this package that a user can mend."""


class ConversationFormatError(ClioLiteError):
    """The input's format is unknown, or the named format does not fit the file."""


class NoUsableConversationError(ClioLiteError):
    """The input holds no record that can be used."""


class EncoderNotFoundError(ClioLiteError):
    """No usable sentence encoder where one was named."""


class LanguageMapError(ClioLiteError):
    """The map between the encoders is missing, damaged, or belongs to other encoders."""


class HeadMismatchError(ClioLiteError):
    """Trained heads belong to another encoder or to other definitions."""


class PromptError(ClioLiteError):
    """A prompt file is missing or malformed."""


class ModelUnusableError(ClioLiteError):
    """The configured language model cannot be used at all: wrong key, no permission, no such model or address."""


class HierarchyFailedError(ClioLiteError):
    """A language model did not build the hierarchy, and the embedded method was not allowed to stand in."""


class ProjectionMismatchError(ClioLiteError):
    """A projection was trained for another encoder than the one it is to be used with."""


class AdapterMismatchError(ClioLiteError):
    """An adapter was trained for another model than the one it is to be added to."""
