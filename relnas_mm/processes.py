"""What a launcher tells this process; usable before the process group is initialized."""

import os


def is_main_process() -> bool:
    """Whether this is rank 0, or the only process."""
    return int(os.environ.get("RANK", os.environ.get("SLURM_PROCID", 0))) == 0


def is_elastic_restart() -> bool:
    """Whether torchrun restarted this process after a failure."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0)) > 0
