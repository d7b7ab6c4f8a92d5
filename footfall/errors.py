"""Errors a user can act on: each message names the bad value, the rule it broke and the remedy.

The command prints the message as one sentence and exits with ``exit_code``; a traceback is for bugs alone.
"""

from __future__ import annotations


class FootfallError(Exception):
    """Base of all errors a user can act on."""

    exit_code = 1


class InputError(FootfallError):
    """A file, folder or argument that cannot be used as given."""

    exit_code = 2


class QualityError(FootfallError):
    """The quality gate refused the staged events; nothing past the gate has changed."""

    exit_code = 3


class EnvironmentProblem(FootfallError):
    """Something the machine lacks: Java, write access, disk space, credentials."""

    exit_code = 4


class TransformError(FootfallError):
    """dbt refused to build; the published marts still stand."""

    exit_code = 5
