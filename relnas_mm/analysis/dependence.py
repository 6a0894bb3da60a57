"""Which parameters something depends on; those that the loss does not depend on, training can never change."""

import copy
from collections.abc import Callable, Iterable
from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.modules.batchnorm import _BatchNorm

from relnas_mm.analysis.network import Network, tensors_in
from relnas_mm.analysis.samples import detection_samples, segmentation_samples


def dead_parameters(network: Network, images: Tensor) -> set[str]:
    """Names of a model's parameters that no gradient of its training loss reaches.

    What is frozen is not dead for that: a parameter counts as reached if it would get a gradient once it asked for one.
    The loss is the model's own, on made-up annotations; that of a pose estimator or of an unknown model stands on all
    that it gives in its tensor mode.  The graph alone is looked at: nothing is kept for a backward pass.

    Args:
        network: Stays as it is.
        images: One image, (1, 3, h, w), on the network's device.

    Raises:
        Exception: The loss asks for more than made-up annotations have; whatever it raises.
    """
    network = copy.deepcopy(network).train()
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.eval()  # one image is too few for the statistics of a pooled map
        if getattr(module, "with_cp", False):
            cast(Any, module).with_cp = False  # recomputed parts are no part of the graph
    return {name for name, _ in network.model.named_parameters()} - _reached(network, images, _training_outputs)


def parameters_in_use(network: Network, images: Tensor) -> set[str]:
    """Names of a model's parameters that what it gives in its tensor mode, outside training, depends on.

    Args:
        network: In evaluation mode; stays as it is.
        images: One image, (1, 3, h, w), on the network's device.
    """
    return _reached(copy.deepcopy(network), images, Network.forward)


Outputs = Callable[[Network, Tensor], Iterable[Tensor]]


def _reached(network: Network, images: Tensor, outputs: Outputs) -> set[str]:
    model = network.model.requires_grad_(True)
    with torch.enable_grad(), saved_tensors_hooks(lambda tensor: None, lambda nothing: nothing):
        leaves = _leaves_behind(outputs(network, images))
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


def _leaves_behind(outputs: Iterable[Tensor]) -> set[int]:
    """Identities of the tensors that a gradient of the outputs would be accumulated in."""
    reached: set[int] = set()
    ahead = [output.grad_fn for output in outputs if output.grad_fn is not None]
    seen = set(ahead)
    while ahead:
        node = cast(Any, ahead.pop())
        if hasattr(node, "variable"):
            reached.add(id(node.variable))
        following = {function for function, _ in node.next_functions if function is not None} - seen
        seen |= following
        ahead.extend(following)
    return reached
