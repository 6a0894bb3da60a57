"""What a process knows of its launcher and its parent; usable before the process group is initialized."""

import multiprocessing
import os
import threading
from multiprocessing.connection import wait


def is_main_process() -> bool:
    """Whether this is rank 0, or the only process."""
    return int(os.environ.get("RANK", os.environ.get("SLURM_PROCID", 0))) == 0


def is_elastic_restart() -> bool:
    """Whether torchrun restarted this process after a failure."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0)) > 0


def end_with_parent() -> None:
    """Ends this worker process when the process that started it has died, even by SIGKILL."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="end with parent").start()
