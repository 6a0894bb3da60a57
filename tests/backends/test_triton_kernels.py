"""What `triton_checks.py` asks of the kernels, on a CUDA device where there is one, and else in Triton's interpreter.

The interpreter, which works on CPUs, has to be asked for before anything imports Triton: in a process of its own.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytestmark = pytest.mark.unit


@pytest.mark.slow
def test_the_kernels_give_what_pytorch_gives():
    pytest.importorskip("triton", reason="needs Triton, which comes with PyTorch for CUDA")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        Path(__file__).with_name("triton_checks.py"),
    ]
    environment = os.environ | ({} if torch.cuda.is_available() else {"TRITON_INTERPRET": "1"})
    environment.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert " passed" in done.stdout and " failed" not in done.stdout
