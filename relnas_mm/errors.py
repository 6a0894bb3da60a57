"""Errors that users can fix, and how tools report them."""

import functools
import os
import re
import sys
from collections.abc import Callable

from relnas_mm.config_errors import refusal
from relnas_mm.interruption import Interrupted, interruptible
from relnas_mm.system_errors import denial


class UserError(ValueError):
    """Invalid input.

    The message is one sentence that names the invalid value, its source and what is allowed.
    """


def shown(value: object, most: int = 60) -> str:
    """The `repr` of a value for an error message.

    Args:
        value: The value.
        most: Largest number of characters.
    """
    return shortened(repr(value), most)


def shortened(text: str, most: int = 60) -> str:
    """A text of at most `most` characters, the last of which is an ellipsis if it is cut off."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def reports_user_errors(main: Callable[[], int | None]) -> Callable[[], None]:
    """Decorates `main` of a tool: a `UserError` is one sentence and exit code 2, a signal a word and its exit code."""

    @functools.wraps(main)
    def wrapped() -> None:
        try:
            with interruptible():
                code = main()
        except UserError as error:
            _tell(f"error: {_sentence(error)}")
            code = 2
        except Exception as error:
            sentence = denial(error) or refusal(error)
            if sentence is None:
                raise
            _tell(f"error: {sentence}")
            code = 2
        except KeyboardInterrupt as request:
            end = Interrupted.of(request)
            _tell(str(end))
            code = end.exit_code
        sys.exit(code)

    return wrapped


def _tell(text: str) -> None:
    """Prints to stderr; if its terminal was closed, nothing is printed any more."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115  (flushed when the interpreter ends)


def _sentence(error: UserError) -> str:
    """The message, without the traceback that PyTorch's DataLoader adds to errors of worker processes."""
    found = re.search(r"^Caught UserError in .*^(?:\w+\.)*UserError: (.*)", str(error), re.DOTALL | re.MULTILINE)
    return found[1].strip() if found else str(error)
