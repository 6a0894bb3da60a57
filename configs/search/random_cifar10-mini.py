# Random search with shared weights, with the data and the number of candidates of relativenas_cifar10-mini.py.
_base_ = "relativenas_cifar10-mini.py"

train_cfg = dict(strategy=dict(_delete_=True, type="RandomSearch", queries=72, generation_size=8))
