# What every pose config needs of MMEngine's Runner: mmpose's settings, and ours.
_base_ = "mmpose::_base_/default_runtime.py"
custom_hooks = [dict(type="SyncBuffersHook"), dict(type="JointCountHook")]
randomness = dict(seed=0)
