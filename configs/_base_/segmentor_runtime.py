# What every segmentation config needs of MMEngine's Runner: mmseg's settings, and ours.
_base_ = "mmseg::_base_/default_runtime.py"
custom_imports = dict(imports=["relnas_mm"], allow_failed_imports=False)
custom_hooks = [dict(type="SingleValueNormHook")]
randomness = dict(seed=0)
