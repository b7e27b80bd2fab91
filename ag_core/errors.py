"""The one error that a user may see: a sentence that names the thing, the rule and the remedy; and the end by wish."""


class UserError(Exception):
    """Something in the input is not as it must be. The message is shown as it is, without a traceback."""


class Cancelled(Exception):
    """Whoever asked for a piece of work asked to stop it; raised between two of its steps. Nothing was written."""
