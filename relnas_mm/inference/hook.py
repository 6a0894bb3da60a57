"""A hook that accelerates backbones in tests; configs need `custom_imports = dict(imports=['relnas_mm.inference'])`."""

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from relnas_mm.inference.accelerate import Runtime, accelerate


@HOOKS.register_module()
class FastBackboneHook(Hook):
    """Calls `accelerate` on the model before a test, after its weights are loaded.

    Args:
        runtime: 'torch' or 'onnx', as for `relnas_mm.inference.accelerate`.
    """

    def __init__(self, runtime: Runtime = "torch"):
        self.runtime = runtime

    def before_test(self, runner: Runner) -> None:
        """Replaces the backbone.

        Raises:
            UserError: The model has no `CellBackbone`, or the runtime cannot be used.
        """
        accelerate(runner.model.module if is_model_wrapper(runner.model) else runner.model, self.runtime)  # type: ignore[arg-type]
