# Regularized evolution with the data, the shared weights and the number of candidates of relativenas_cifar10-mini.py.
_base_ = "relativenas_cifar10-mini.py"

train_cfg = dict(
    strategy=dict(_delete_=True, type="RegularizedEvolution", queries=72, population=16, tournament=4, generation=8)
)
