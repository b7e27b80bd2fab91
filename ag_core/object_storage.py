"""Files at addresses, in object storage or on a web server: the way to them, and patience where a server fails.

s3:// needs the optional package s3fs and takes its credentials from the environment, as all AWS tools do.
"""

from collections.abc import Callable
from time import sleep
from typing import Any

from ag_core.errors import UserError

SCHEMES = ("http", "https", "s3")

PATIENCE_S = 60
"""How long a server may stay silent. A long transfer is no failure."""

TRIES = 5
FIRST_WAIT_S = 0.5
"""Before the second try; each further wait is twice as long."""


def open_file_system(address: str) -> Any:
    """The fsspec file system of the address's kind.

    UserError for a kind that nobody knows or that needs a package.
    """
    scheme = address.partition("://")[0]
    if scheme not in SCHEMES:
        raise UserError(f"{address} begins with {scheme}://; an address begins with s3://, https:// or http://")
    import fsspec

    options: dict[str, Any] = {}
    if scheme != "s3":
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=None, sock_connect=PATIENCE_S, sock_read=PATIENCE_S)
        options["client_kwargs"] = {"timeout": timeout, "trust_env": True}
    try:
        return fsspec.filesystem(scheme, skip_instance_cache=True, **options)
    except ImportError:
        raise UserError(f"{address} needs the package s3fs, which is not installed; pip install s3fs") from None


def ask_again(ask: Callable[[], Any], failed: str, missing: str | None = None, tries: int = TRIES) -> Any:
    """The answer of a server that may fail now and then, whatever library asks it.

    UserError with the sentence `failed` and the reason where it goes on failing or does not permit it, and with
    `missing` where nothing is there.
    """
    for tries_left in reversed(range(tries)):
        try:
            return ask()
        except FileNotFoundError:
            raise UserError(missing or f"{failed}: nothing is there") from None
        except PermissionError as error:
            raise UserError(f"{failed} ({_explain(error)})") from None
        except Exception as error:  # each library has errors of its own
            if not tries_left:
                raise UserError(f"{failed} ({_explain(error)}), tried {tries} times") from None
            sleep(FIRST_WAIT_S * 2 ** (tries - 1 - tries_left))


def _explain(error: Exception) -> str:
    return str(error).strip() or type(error).__name__
