# Slow-fast learning with a Gaussian process as referee, without its parts, and peers: NAS-Bench-201, 300 candidates.
_base_ = "nasbench201.py"

plus = dict(type="BayesianSlowFastLearning")
comparison = dict(
    name="Slow-fast learning with a referee, its parts and its peers on NAS-Bench-201",
    strategies={
        "_delete_": True,
        "RelativeNAS plus": plus,
        "no referee": dict(plus, referee=False),
        "no lessons": dict(plus, lesson_rate=0.0),
        "no random proposals": dict(plus, fresh_rate=0.0),
        "no exploration": dict(plus, exploration=0.0),
        "BANANAS": dict(type="BANANAS"),
        "NPENAS": dict(type="NPENAS"),
    },
    reference="RelativeNAS plus",
    budget=300,
    checkpoints=[100, 150],
)
