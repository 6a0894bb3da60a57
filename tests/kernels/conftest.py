"""The kernels run on a CUDA device where there is one, and else in Triton's interpreter, which works on CPUs."""

import os

import pytest
import torch

if not torch.cuda.is_available():
    os.environ["TRITON_INTERPRET"] = "1"  # read when a kernel is defined


@pytest.fixture(scope="session")
def device():
    pytest.importorskip("triton", reason="needs Triton, which comes with PyTorch for CUDA")
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
