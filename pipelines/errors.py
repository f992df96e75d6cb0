"""Errors of the application that a user can mend, and the exit code that each maps to."""


class PipelineError(Exception):
    """Base of every error of this package that a user can mend; `exit_code` is what the command line returns."""

    exit_code = 1


class SettingsError(PipelineError):
    """A setting is missing or contradictory."""

    exit_code = 2


class InputUnusableError(PipelineError):
    """An input file is missing, unreadable or holds nothing that can be used."""

    exit_code = 3


class ServiceFailedError(PipelineError):
    """An external service failed after its retries."""

    exit_code = 4


class PublicationRefusedError(PipelineError):
    """A privacy or quality check refused publication."""

    exit_code = 5
