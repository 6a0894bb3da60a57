# DARTS of first order: a third of the work.
_base_ = "darts_cifar10.py"

train_cfg = dict(architecture=dict(order=1))
