"""The five steps of mmcv's MMSyncBN; mmcv exchanges the sums between processes itself."""

__all__ = [
    "sync_bn_backward_data",
    "sync_bn_backward_param",
    "sync_bn_forward_mean",
    "sync_bn_forward_output",
    "sync_bn_forward_var",
]


def sync_bn_forward_mean(input, mean):
    """Mean per channel of (n, channels, places)."""
    mean.copy_(input.float().mean((0, 2)))


def sync_bn_forward_var(input, mean, var):
    """Mean squared distance from `mean`."""
    var.copy_(((input.float() - mean[:, None]) ** 2).mean((0, 2)))


def sync_bn_forward_output(
    input, mean, var, weight, bias, running_mean, running_var, norm, std, output, eps, momentum, group_size
):
    """Normalizes, and moves the running statistics."""
    std.copy_((var + eps).sqrt())
    norm.copy_((input.float() - mean[:, None]) / std[:, None])
    output.copy_(norm * weight[:, None] + bias[:, None] if weight is not None else norm)
    if running_mean is not None:
        momentum = float(momentum)
        count = input.shape[0] * input.shape[2] * group_size
        unbiased = var * count / (count - 1) if count > 1 else var
        running_mean.mul_(1 - momentum).add_(mean, alpha=momentum)
        running_var.mul_(1 - momentum).add_(unbiased, alpha=momentum)


def sync_bn_backward_param(grad_output, norm, grad_weight, grad_bias):
    """Gradients of weight and bias."""
    grad_weight.copy_((grad_output.float() * norm).sum((0, 2)))
    grad_bias.copy_(grad_output.float().sum((0, 2)))


def sync_bn_backward_data(grad_output, weight, grad_weight, grad_bias, norm, std, grad_input):
    """Gradient of the input."""
    count = grad_output.shape[0] * grad_output.shape[2]
    inner = grad_output.float() - (grad_weight[:, None] * norm + grad_bias[:, None]) / count
    grad_input.copy_(weight[:, None] * inner / std[:, None])
