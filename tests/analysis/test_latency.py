"""What is timed, and what is not."""

import time

import pytest
import torch
from torch import nn

from relnas_mm.analysis.latency import Latency, find_device, measure_latency
from relnas_mm.errors import UserError

CPU = torch.device("cpu")


class Recorder(nn.Module):
    """Takes its time in the first passes over each batch, and notes how images and weights lie in memory."""

    def __init__(self, slow: int):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.slow, self.seen = slow, []

    def forward(self, images):
        layout = [t.is_contiguous(memory_format=torch.channels_last) for t in (images, self.conv.weight)]
        self.seen.append((len(images), *layout))
        if self.seen.count(self.seen[-1]) <= self.slow:
            time.sleep(0.05)
        return self.conv(images)


@pytest.mark.unit
def test_warm_up_and_layouts():
    network, said = Recorder(slow=2), []
    rows = measure_latency(network, (8, 10), CPU, batches=(1, 4), repeats=5, warmup=2, notify=said.append)
    assert [(row.batch, row.layout) for row in rows] == [
        *((1, "contiguous"), (1, "channels_last"), (4, "contiguous"), (4, "channels_last"))
    ]
    assert [network.seen[index] for index in (0, 7, 14, 21)] == [
        *((1, False, False), (1, True, True), (4, False, False), (4, True, True))
    ]
    assert len(network.seen) == 4 * 7 and len(said) == 4 and said[0].startswith("latency 1 of 4: batch 1, contiguous")
    assert all(0 < row.lower <= row.median <= row.upper < 50 for row in rows)
    assert network.conv.weight.is_contiguous()


@pytest.mark.unit
def test_images_per_second():
    assert Latency(8, "contiguous", 4.0, 3.0, 5.0).images_per_second == 2000


@pytest.mark.unit
@pytest.mark.parametrize("name", ["tpu", "meta", "mps"])
def test_devices_of_other_kinds(name):
    with pytest.raises(UserError, match=f"--device is '{name}'; allowed are 'cpu' and 'cuda'"):
        find_device(name)


@pytest.mark.unit
def test_devices_that_are_not_there():
    assert find_device("cpu") == CPU
    with pytest.raises(UserError, match=r"--device is 'cuda:99', but torch finds \w+ CUDA devices? here"):
        find_device("cuda:99")


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_passes_on_a_gpu_are_waited_for():
    """Twenty large products take milliseconds; handing them over takes microseconds."""

    class Products(nn.Module):
        def forward(self, images):
            square = images.new_ones(8192, 8192)
            for _ in range(20):
                square = square @ square * 1e-4
            return square

    device = find_device("cuda")
    rows = measure_latency(Products(), (8, 8), device, repeats=3, warmup=1)
    assert all(row.median > 20 * 2 * 8192**3 / 2e15 * 1e3 for row in rows)  # no GPU does 2,000 Tflop/s in float32
