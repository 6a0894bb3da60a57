# Slow-fast learning with a Gaussian process as referee next to the four: TransNAS-Bench-101, micro, up to 1,000
# candidates.
_base_ = "transnasbench101_micro.py"

comparison = dict(
    name="Slow-fast learning with a referee on TransNAS-Bench-101, micro",
    strategies={"RelativeNAS plus": dict(type="BayesianSlowFastLearning")},
    reference="RelativeNAS plus",
    budget=1000,
    checkpoints=[100, 150, 300],
    transfer=False,
)
