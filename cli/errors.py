"""How a command fails: with one clear sentence, and an exit code that tells the kind."""

from jobs.masking import masked

FAILED, USAGE, MISSING, INTERRUPTED = 1, 2, 3, 130


class CommandError(Exception):
    """Stops a command; the message is all that the user is shown.

    `code`: FAILED; USAGE, the command is used wrongly; MISSING, there is no such model, device or
    server.
    """

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(masked(message))
        self.code = code
