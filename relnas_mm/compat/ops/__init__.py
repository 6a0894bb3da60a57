"""mmcv's compiled operators in plain torch and torchvision, with the arguments of mmcv 2.1.0's `mmcv._ext`.

As in mmcv, an operator writes into the output tensors that it is given, unless it says that it returns.
"""

from . import attention, boxes, deform, dense, loss, roi, roi_pool, sync_bn

BACKED = {
    name: getattr(module, name)
    for module in (attention, boxes, deform, dense, loss, roi, roi_pool, sync_bn)
    for name in module.__all__
}


def get_compiler_version():
    """What mmcv.utils.collect_env shows."""
    return "none (relnas_mm.compat on torchvision)"


def get_compiling_cuda_version():
    """What mmcv.utils.collect_env shows; a compiled mmcv for the CPU says the same."""
    return "not available"


def missing(name):
    """A function that says what to do; mmcv looks its operators up when imported, so only a call may fail."""
    if name.startswith("_"):
        raise AttributeError(name)

    def operator(*args, **kwargs):
        raise RuntimeError(
            f"mmcv's operator '{name}' exists only in a compiled mmcv: install mmcv 2.1.0 built for "
            "this torch in place of mmcv-lite to use this model."
        )

    operator.__name__ = name
    return operator


def fill(module):
    """Make `module` a stand-in for mmcv._ext."""
    module.__dict__.update(
        BACKED,
        get_compiler_version=get_compiler_version,
        get_compiling_cuda_version=get_compiling_cuda_version,
        __getattr__=missing,
    )
