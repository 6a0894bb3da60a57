# ReNAS with the data, the shared weights and the number of candidates of relativenas_cifar10-mini.py.
# Losses fall as the shared weights are trained, so predictors compare losses within a generation only.
_base_ = "relativenas_cifar10-mini.py"

train_cfg = dict(
    strategy=dict(
        _delete_=True,
        type="ReNAS",
        queries=72,
        samples=40,
        top_k=8,
        predictor="improved",
        calls=500,
        detrend=True,
        generation_size=8,
    )
)
