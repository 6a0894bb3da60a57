"""Fixes of MMEngine's analysis of networks."""

import functools
from types import ModuleType
from typing import Any

from relnas_mm.compat import hooks
from relnas_mm.compat.failures import attribute, guarded


def complexity_of_inputs() -> None:
    """mmseg's get_flops passes both a shape and inputs, which mmengine refuses since 0.8: takes the inputs."""

    def patch(module: ModuleType) -> None:
        analyze = attribute(module, "get_model_complexity_info")

        @functools.wraps(analyze)
        def get_model_complexity_info(
            model: Any, input_shape: Any = None, inputs: Any = None, *args: Any, **kwargs: Any
        ) -> Any:
            shape = input_shape if inputs is None else None
            return analyze(model, shape, inputs, *args, **kwargs)

        vars(module)["get_model_complexity_info"] = get_model_complexity_info

    hooks.after_import("mmengine.analysis.print_helper", guarded("complexity_of_inputs", patch))
