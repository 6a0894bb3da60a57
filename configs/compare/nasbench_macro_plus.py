# Slow-fast learning with a Gaussian process as referee next to the four: NAS-Bench-Macro, up to 1,000 candidates.
_base_ = "nasbench_macro.py"

comparison = dict(
    name="Slow-fast learning with a referee on NAS-Bench-Macro",
    strategies={"RelativeNAS plus": dict(type="BayesianSlowFastLearning")},
    reference="RelativeNAS plus",
    budget=1000,
    checkpoints=[100, 150, 300],
)
