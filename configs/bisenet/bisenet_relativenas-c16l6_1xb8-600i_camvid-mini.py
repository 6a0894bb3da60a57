# A segmentor that learns the frequent classes of CamVid on a CPU in minutes.
_base_ = [
    "../_base_/models/bisenet_cell_mini.py",
    "../_base_/datasets/camvid_mini.py",
    "../_base_/segmentor_runtime.py",
    "../_base_/schedules/adamw_600i.py",
]
model = dict(
    data_preprocessor=dict(size=(120, 160)),
    decode_head=dict(num_classes=11),
    auxiliary_head=[dict(head, num_classes=11) for head in _base_.model.auxiliary_head],
)
# Depthwise convolutions on CPUs are fastest in channels_last.
custom_hooks = [*_base_.custom_hooks, dict(type="ChannelsLastHook")]
