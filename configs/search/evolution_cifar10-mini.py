# Regularized evolution with the data, the shared weights and the number of candidates of relativenas_cifar10-mini.py.
_base_ = "relativenas_cifar10-mini.py"

train_cfg = dict(
    strategy=dict(
        _delete_=True, type="RegularizedEvolution", queries=72, population_size=16, tournament_size=4, generation_size=8
    )
)
