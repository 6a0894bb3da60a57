"""What the system denied a run, in one sentence: space, memory, permissions, or one of its processes."""

import errno
import os
import re
import traceback

DENIED = {
    errno.ENOSPC: "free space, or choose another folder",
    errno.EDQUOT: "free space, or choose another folder",
    errno.EFBIG: "raise the limit of file sizes (ulimit -f), or choose another folder",
    errno.EROFS: "choose another folder",
    errno.EACCES: "mend its permissions",
    errno.EPERM: "mend its permissions",
    errno.EIO: "check the disk",
    errno.ENOMEM: "free memory, or ask for less",
    errno.EMFILE: "raise the limit of open files (ulimit -n), or use fewer workers",
    errno.ENFILE: "close other programs, or use fewer workers",
}
"""Errors of the system that users can mend, and how."""
MEMORY = re.compile(r"not enough memory|can't allocate memory|bad allocation|std::bad_alloc|CUDA out of memory", re.I)
WORKER = re.compile(r"DataLoader worker \(pid(?:\(s\))? ([\d, ]+)\) (?:exited unexpectedly|is killed by signal: (\w+))")
IMAGE = re.compile(r"failed to load image: (.+)")
IN_WORKER = re.compile(
    r"^Caught (\w+) in DataLoader worker process \d+\.$.*^(?:\w+\.)*\1: (.+)", re.DOTALL | re.MULTILINE
)


def denial(error: BaseException) -> str | None:
    """What the system denied, in one sentence.

    Args:
        error: What a run raised.

    Returns:
        The sentence; `None` if the error is of another kind, and probably a fault of a program.
    """
    text = str(error)
    if isinstance(error, OSError) and error.errno in DENIED:
        where = f"{os.fspath(error.filename)!r}: " if isinstance(error.filename, str) else ""
        return f"{where}{os.strerror(error.errno)}; {DENIED[error.errno]}"
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and MEMORY.search(text)):
        return "memory ran out; lower batch_size, image sizes or num_workers"
    if isinstance(error, RuntimeError):  # torch's shared memory and archives
        for number, advice in DENIED.items():
            if os.strerror(number) in text:
                return f"{os.strerror(number)}; {advice}"
    if isinstance(error, RuntimeError) and (worker := WORKER.search(text)):
        how = f"was ended by signal {worker[2]}" if worker[2] else "ended"
        return f"the data loader worker {worker[1]} {how}, often for lack of memory; lower num_workers or batch_size"
    if images := IMAGE.findall(text):  # the first may be a line of program in a traceback of a worker
        return f"the image {images[-1].strip()!r} is not readable; mend it, or remove it from the data set"
    if isinstance(error, OSError):
        caught = IN_WORKER.match(text)
        if caught or _while_loading(error):
            return f"a file of the data set cannot be read: {caught[2].strip() if caught else text}"
    return None


def _while_loading(error: BaseException) -> bool:
    """Whether an error was raised while a data loader of this process fetched a batch."""
    return any("_utils/fetch.py" in frame.filename for frame in traceback.extract_tb(error.__traceback__))
