# All four stages at a reduced scale, minutes on a CPU: 4 to 10 layers, 8 to 16 channels, 1,500 images to train and
# 1,000 to compare, from four epochs on; the slack is the released share of the parameters.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/macro_micro.py"]

train_cfg = dict(
    space=dict(min_depth=4, max_depth=10, min_width=8, max_width=16),
    strategy=dict(rules=dict(first_epochs=4, slack=300)),
    evaluator=dict(
        data=dict(type="cifar10", data_root="data/cifar10-mini", limit=2500, num_classes=10),
        training=dict(batch_size=32, channels_last=True),
        augmentation=dict(cutout=8),
        train_portion=0.6,
    ),
)
