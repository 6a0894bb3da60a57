# First-order DARTS: a third of the cost.
_base_ = "darts_cifar10.py"

train_cfg = dict(architecture=dict(order=1))
