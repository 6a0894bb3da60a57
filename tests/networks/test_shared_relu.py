"""The ReLU of a map that several operations read is computed once: same outputs, same gradients, less memory."""

import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks

from relnas_mm.architectures import GENOTYPES
from relnas_mm.networks import CellTrunk

pytestmark = pytest.mark.unit


def trunk(shared):
    torch.manual_seed(0)
    return CellTrunk(GENOTYPES["darts_v2"], 4, 5, backend="auto" if shared else "reference").double()


def last_map(network, images):
    return list(network.forward_body(*network.forward_stem(images)))[-1]


def saved_activation_bytes(network, images):
    """Memory that the forward pass leaves for the backward pass."""
    storages = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        storages[storage._cdata] = storage
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        last_map(network, images)
    return sum(storage.nbytes() for storage in storages.values())


def test_outputs_are_equal_and_gradients_close():
    images = torch.rand(3, 3, 16, 16, dtype=torch.double)
    outputs, gradients = [], []
    for shared in (False, True):
        network = trunk(shared).train()
        outputs.append(last_map(network, images))
        outputs[-1].square().mean().backward()
        gradients.append([parameter.grad for parameter in network.parameters()])
    assert torch.equal(*outputs)
    for one, other in zip(*gradients):
        assert (one is None) == (other is None)
        assert one is None or torch.allclose(one, other, rtol=1e-9, atol=1e-12)


def test_less_is_kept_for_the_backward_pass():
    images = torch.rand(3, 3, 32, 32, dtype=torch.double)
    assert saved_activation_bytes(trunk(True), images) < 0.9 * saved_activation_bytes(trunk(False), images)
