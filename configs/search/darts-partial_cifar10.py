# Partial channels (1/4) and 15 warm-up epochs without architecture updates, as in PC-DARTS.
_base_ = "darts_cifar10.py"

train_cfg = dict(
    portion=4,
    training=dict(batch_size=256, lr=0.1, min_lr=0.0),
    architecture=dict(order=1, lr=6e-4, warmup=15),
)
