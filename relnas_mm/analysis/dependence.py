"""Parameters that the loss, or the output, of a model depends on, found in the autograd graph."""

import copy
from collections.abc import Callable, Iterable
from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.modules.batchnorm import _BatchNorm

from relnas_mm.analysis.network import Network, tensors_in
from relnas_mm.analysis.samples import detection_samples, segmentation_samples


def unused_parameters(network: Network, images: Tensor) -> set[str]:
    """Names of a model's parameters on which its training loss does not depend.

    Frozen parameters are not unused for that reason.  The loss is the model's own, on synthetic annotations; for pose
    estimators and unknown models all outputs of tensor mode stand in for it.  Only the autograd graph is inspected, so
    no activations are saved.

    Args:
        network: The network, which is not modified.
        images: One image, (1, 3, h, w), on the network's device.

    Raises:
        Exception: Whatever the loss raises if synthetic annotations are not enough.
    """
    network = copy.deepcopy(network).train()
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.eval()  # a globally pooled map of one image has no batch statistics
        if getattr(module, "with_cp", False):
            cast(Any, module).with_cp = False  # checkpointed parts are missing in the graph
    return {name for name, _ in network.model.named_parameters()} - _reached(network, images, _training_outputs)


def parameters_in_use(network: Network, images: Tensor) -> set[str]:
    """Names of a model's parameters on which its outputs in evaluation mode depend.

    Args:
        network: The network, in evaluation mode, which is not modified.
        images: One image, (1, 3, h, w), on the network's device.
    """
    return _reached(copy.deepcopy(network), images, Network.forward)


Outputs = Callable[[Network, Tensor], Iterable[Tensor]]


def _reached(network: Network, images: Tensor, outputs: Outputs) -> set[str]:
    model = network.model.requires_grad_(True)
    with torch.enable_grad(), saved_tensors_hooks(lambda tensor: None, lambda nothing: nothing):
        leaves = _leaves_of(outputs(network, images))
    return {name for name, parameter in model.named_parameters() if id(parameter) in leaves}


def _training_outputs(network: Network, images: Tensor) -> Iterable[Tensor]:
    model = cast(Any, network.model)
    count, shape = len(images), (images.shape[2], images.shape[3])
    if network.kind == "classifier":
        labels = torch.zeros(count, dtype=torch.int64, device=images.device)
        return tensors_in(model.loss(images, labels))
    if network.kind == "detector":
        return tensors_in(model.loss(images, detection_samples(count, shape, images.device, model.with_mask)))
    if network.kind == "segmentor":
        return tensors_in(model.loss(images, segmentation_samples(count, shape, images.device)))
    return network(images)


def _leaves_of(outputs: Iterable[Tensor]) -> set[int]:
    """Ids of the leaf tensors in the autograd graph of the outputs."""
    leaves: set[int] = set()
    stack = [output.grad_fn for output in outputs if output.grad_fn is not None]
    seen = set(stack)
    while stack:
        node = cast(Any, stack.pop())
        if hasattr(node, "variable"):
            leaves.add(id(node.variable))
        following = {function for function, _ in node.next_functions if function is not None} - seen
        seen |= following
        stack.extend(following)
    return leaves
