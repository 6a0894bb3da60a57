# Runner settings shared by all segmentation configs.
_base_ = "mmseg::_base_/default_runtime.py"
custom_imports = dict(imports=["relnas_mm"], allow_failed_imports=False)
custom_hooks = [dict(type="SingleValueNormHook"), dict(type="DataCheckHook")]
randomness = dict(seed=0)
