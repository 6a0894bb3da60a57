# Runner settings shared by all pose configs.
_base_ = "mmpose::_base_/default_runtime.py"
custom_hooks = [dict(type="SyncBuffersHook"), dict(type="DataCheckHook")]
randomness = dict(seed=0)
