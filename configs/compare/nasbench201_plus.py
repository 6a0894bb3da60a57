# Slow-fast learning with a Gaussian process as referee next to the four: NAS-Bench-201, up to 1,000 candidates.
_base_ = "nasbench201.py"

comparison = dict(
    name="Slow-fast learning with a referee on NAS-Bench-201",
    strategies={"RelativeNAS plus": dict(type="BayesianSlowFastLearning")},
    reference="RelativeNAS plus",
    checkpoints=[100, 150, 300],
)
