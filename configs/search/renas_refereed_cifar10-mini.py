# relativenas_cifar10-mini.py with a referee that decides the duels whose outcome it predicts confidently.
_base_ = "relativenas_cifar10-mini.py"

train_cfg = dict(
    strategy=dict(
        _delete_=True,
        type="RefereedLearning",
        population_size=8,
        generations=9,
        warmup=24,
        retrain=8,
        duels=4,
        confidence=0.75,
        detrend=True,
    )
)
