# The same network on the 16 joints of MPII, 256x256.
_base_ = [
    "../_base_/models/simple_baseline_cell.py",
    "../_base_/datasets/mpii_256x256.py",
    "../_base_/schedules/pose_140e.py",
]
model = dict(head=dict(out_channels=16, decoder=_base_.codec))
env_cfg = dict(cudnn_benchmark=True)
