"""The one error that a user may see: a sentence that names the thing, the rule and the remedy."""


class UserError(Exception):
    """Something in the input is not as it must be. The message is shown as it is, without a traceback."""
