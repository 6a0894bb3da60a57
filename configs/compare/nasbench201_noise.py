# Robustness to cheaper, noisier evaluation: 1,000 candidates of NAS-Bench-201 (CIFAR-100), 100 seeds.  Searched by
# exact validation accuracy, by the same with noise of one, two and four points, and by accuracy after 12 of 200 epochs.
_base_ = "../_base_/compare/strategies.py"

cifar100 = dict(
    type="TabularEvaluator",
    table="{{$TABULAR_ROOT:data/tabular}}/combined/nasbench201_full.csv",
    report="c100_test200",
)
comparison = dict(
    name="NAS-Bench-201, CIFAR-100, at low fidelity",
    space=dict(type="NASBench201Space"),
    tasks={
        "exact": dict(objective="c100_val200", **cifar100),
        "noise 1": dict(objective="c100_val200", noise=1.0, **cifar100),
        "noise 2": dict(objective="c100_val200", noise=2.0, **cifar100),
        "noise 4": dict(objective="c100_val200", noise=4.0, **cifar100),
        "12 epochs": dict(objective="c100_val12", **cifar100),
    },
    budget=1000,
)
