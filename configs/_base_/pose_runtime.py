# Runner settings shared by all pose configs.
_base_ = "mmpose::_base_/default_runtime.py"
custom_hooks = [dict(type="SyncBuffersHook"), dict(type="JointCountHook")]
randomness = dict(seed=0)
