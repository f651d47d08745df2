"""How a command fails: one clear sentence, and a non-zero exit."""


class CommandError(Exception):
    """What stops a command; the message is all that the user is shown."""
