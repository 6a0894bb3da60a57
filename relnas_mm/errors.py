"""What a user can put right: one exception class, and how a tool reports it."""

import functools
import re
import sys
from collections.abc import Callable


class UserError(ValueError):
    """Bad input.

    The message is one sentence that names the bad value, where it came from and what is allowed.
    """


def reports_user_errors(main: Callable[[], int | None]) -> Callable[[], None]:
    """Makes `main` of a tool end with one sentence and exit code 2, without a traceback, on a `UserError`."""

    @functools.wraps(main)
    def wrapped() -> None:
        try:
            code = main()
        except UserError as error:
            print(f"error: {_sentence(error)}", file=sys.stderr)
            code = 2
        sys.exit(code)

    return wrapped


def _sentence(error: UserError) -> str:
    """The message, freed of the traceback that PyTorch's loader puts around it when a worker process raised it."""
    found = re.search(r"^Caught UserError in .*^(?:\w+\.)*UserError: (.*)", str(error), re.DOTALL | re.MULTILINE)
    return found[1].strip() if found else str(error)
