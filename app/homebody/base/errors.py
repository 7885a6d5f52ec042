"""Every error that may be shown to a person.

HomebodyError
├── BadInput              a file, name or value that the person gave does not work
├── SettingsProblem       the settings file cannot be used as it is
├── ModelProblem          a model file cannot be loaded or used
├── EngineProblem         the engine could not do what was asked
│   └── EngineDied        its process ended
├── CourierProblem        something could not be fetched or sent
├── SkillProblem          a skill could not do its step
└── StoreProblem          words could not be read or written
    ├── StoreFull         no space left
    ├── StoreReadOnly     the profile may not be written
    ├── StoreDamaged      the database is broken and nothing could be recovered
    └── StoreTooNew       a newer Homebody wrote it

Anything else that is raised is a bug and is reported as one.
"""

__all__ = [
    "BadInput",
    "CourierProblem",
    "EngineDied",
    "EngineProblem",
    "HomebodyError",
    "ModelProblem",
    "SettingsProblem",
    "SkillProblem",
    "StoreDamaged",
    "StoreFull",
    "StoreProblem",
    "StoreReadOnly",
    "StoreTooNew",
]


class HomebodyError(Exception):
    """Say what happened and what it means (`message`), and what to do next (`hint`)."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class BadInput(HomebodyError):
    """A file, a name or a value that the person gave does not work."""


class SettingsProblem(HomebodyError):
    """The settings file cannot be used as it is."""


class ModelProblem(HomebodyError):
    """A model file cannot be loaded or used."""


class EngineProblem(HomebodyError):
    """The engine could not do what was asked.

    `kind` is the machine-readable cause, one of `messages.frames.FailureKind`.
    """

    def __init__(self, message: str, hint: str = "", kind: str = "engine") -> None:
        super().__init__(message, hint)
        self.kind = kind


class EngineDied(EngineProblem):
    """The engine's process ended while it was working."""

    def __init__(self, message: str, hint: str = "", *, last_lines: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint, kind="died")
        self.last_lines = last_lines


class CourierProblem(HomebodyError):
    """Something could not be fetched or sent.

    `kind` is the machine-readable cause, one of `messages.frames.FailureKind`.
    """

    def __init__(self, message: str, hint: str = "", kind: str = "connection") -> None:
        super().__init__(message, hint)
        self.kind = kind


class SkillProblem(HomebodyError):
    """A skill could not do its step.

    `kind` is the machine-readable cause, one of `messages.skills.SkillFailure`; `choices` are what
    may have been meant, where that is known.
    """

    def __init__(
        self, message: str, hint: str = "", kind: str = "failed", *, choices: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, hint)
        self.kind = kind
        self.choices = choices


class StoreProblem(HomebodyError):
    """Words could not be read or written."""


class StoreFull(StoreProblem):
    """No space is left on the disk."""


class StoreReadOnly(StoreProblem):
    """The profile may not be written."""


class StoreDamaged(StoreProblem):
    """The database is broken and nothing could be recovered from it."""


class StoreTooNew(StoreProblem):
    """A newer version of Homebody wrote the database."""
