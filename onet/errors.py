"""Errors of the O*NET library that a user can mend; each says what was expected, what was found and what to do."""


class OnetError(Exception):
    """Base of every error of this package that a user can mend."""


class ReleaseNotFoundError(OnetError):
    """The release is neither a file, a folder, nor a known version."""


class ReleaseFormatError(OnetError):
    """A release file lacks a table, a column or a parsable value."""


class ReleaseDownloadError(OnetError):
    """The official download failed after retries, or its checksum differs from the recorded one."""


class LabourFormatError(OnetError):
    """An OEWS or SOC structure file lacks a column or a parsable value."""


class TaskIndexMismatchError(OnetError):
    """A stored task index belongs to another release or another encoder."""


class VerifierRefusedError(OnetError):
    """A verifier does not beat retrieval alone, and its use was not forced."""


class PhrasebookMismatchError(OnetError):
    """The phrasebook was written for other activities than those of the release."""
