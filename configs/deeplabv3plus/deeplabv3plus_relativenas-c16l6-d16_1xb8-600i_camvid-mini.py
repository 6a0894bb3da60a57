# A segmentor that learns CamVid's large classes on a CPU in minutes.
_base_ = [
    "../_base_/models/deeplabv3plus_cell_mini.py",
    "../_base_/datasets/camvid_mini.py",
    "../_base_/segmentor_runtime.py",
    "../_base_/schedules/adamw_600i.py",
]
model = dict(
    data_preprocessor=dict(size=(120, 160)), decode_head=dict(num_classes=11), auxiliary_head=dict(num_classes=11)
)
# Channels last is what depthwise convolutions are fastest with on a CPU.
custom_hooks = [*_base_.custom_hooks, dict(type="ChannelsLastHook")]
