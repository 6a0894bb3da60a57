"""Command lines of steps: in one process, in several by torchrun, or by Slurm."""

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

from relnas_mm.errors import UserError
from relnas_mm.operating_system import usable_cores
from relnas_mm.pipeline.steps import DISTRIBUTED, Step

LAUNCHERS = ("none", "pytorch", "slurm")
PREFIXES = {"pytorch": "dist", "slurm": "slurm"}
POSITIONAL = {"search": 1, "train": 1, "test": 2}
"""Positional arguments of the tools that run in several processes: the config, and a checkpoint."""


@dataclass(frozen=True)
class Launcher:
    """How the tools that run in several processes are started.

    Args:
        tools: Folder that contains them and their launch scripts.
        kind: One of `LAUNCHERS`.
        gpus: Number of processes.
        partition: Slurm's partition.

    Raises:
        UserError: The combination is not possible.
    """

    tools: Path
    kind: str = "none"
    gpus: int = 1
    partition: str = ""

    def __post_init__(self) -> None:
        if self.kind not in LAUNCHERS:
            raise UserError(f"--launcher is {self.kind!r}; allowed are {', '.join(LAUNCHERS)}")
        if self.gpus < 1:
            raise UserError(f"--gpus is {self.gpus}; it must be at least 1")
        if self.gpus > 1 and self.kind == "none":
            raise UserError(f"--gpus {self.gpus} needs --launcher pytorch or slurm")
        if self.kind == "slurm" and not self.partition:
            raise UserError("--launcher slurm needs --partition")

    def command(self, step: Step, resume: bool = False, found: bool = True) -> list[str]:
        """The command of a step; the arguments are those of `Step.words`."""
        words = step.words(resume, found)
        if self.kind == "none" or step.tool not in DISTRIBUTED:
            return [sys.executable, str(self.tools / f"{step.tool}.py"), *words]
        count = POSITIONAL[step.tool]
        positional, options = words[:count], words[count:]
        script = str(self.tools / f"{PREFIXES[self.kind]}_{step.tool}.sh")
        if self.kind == "pytorch":
            return ["bash", script, *positional, str(self.gpus), *options]
        if step.tool != "test":  # these scripts take the work_dir by position
            position = options.index("--work-dir")
            positional.append(options[position + 1])
            del options[position : position + 2]
        return ["bash", script, self.partition, step.name, *positional, *options]

    def shown(self, step: Step) -> str:
        """The command of a step as a user would type it; a pattern stands for checkpoints that do not exist yet."""
        try:
            words = self.command(step)
        except UserError:
            words = self.command(step, found=False)
        program = "python" if words[0] == sys.executable else words[0]
        return shlex.join([program, *words[1:]])

    def environment(self, slot: int = 0, jobs: int = 1) -> dict[str, str]:
        """Environment of the tools; the user's variables take precedence.

        The `python` of launch scripts is the one that runs the pipeline, also outside of an activated environment.

        Args:
            slot: Number of the step among those that run at the same time.
            jobs: Number of steps that run at the same time; each gets its share of the cores, and of the GPUs.
        """
        # Half the cores for the small operations of cells, the rest for data loaders, which spinning threads would
        # occupy.
        threads = max(1, usable_cores() // (2 * self.gpus * jobs))
        environment = {"OMP_NUM_THREADS": str(threads), "GOMP_SPINCOUNT": "1000", **os.environ}
        environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        if self.kind == "slurm":
            environment["GPUS"] = str(self.gpus)
        elif jobs > 1:
            environment |= self._share(slot)
        return environment

    def _share(self, slot: int) -> dict[str, str]:
        """A port of its own, and the GPUs of a slot if there are enough for all."""
        share = {"PORT": str(int(os.environ.get("PORT", 29500)) + slot)}
        named = os.environ.get("CUDA_VISIBLE_DEVICES")
        devices = named.split(",") if named else [str(number) for number in range(torch.cuda.device_count())]
        mine = devices[slot * self.gpus : (slot + 1) * self.gpus]
        if len(mine) == self.gpus:
            share["CUDA_VISIBLE_DEVICES"] = ",".join(mine)
        return share
