# Accuracy and latency at once on NAS-Bench-201 (CIFAR-100): 300 candidates, 100 seeds, three devices.
latencies = "{{$TABULAR_ROOT:data/tabular}}/combined/nasbench201_latency_HELP.csv"
cifar100 = dict(
    type="TabularEvaluator",
    table="{{$TABULAR_ROOT:data/tabular}}/combined/nasbench201_full.csv",
    objective="c100_val200",
    report="c100_test200",
)
comparison = dict(
    name="NAS-Bench-201, CIFAR-100, loss and latency",
    space=dict(type="NASBench201Space"),
    tasks={
        "GTX 1080 Ti, batch 1": dict(latency=dict(table=latencies, column="1080ti_1"), **cifar100),
        "Pixel 2": dict(latency=dict(table=latencies, column="pixel2"), **cifar100),
        "FPGA": dict(latency=dict(table=latencies, column="fpga"), **cifar100),
    },
    strategies={
        "RelativeNAS": dict(type="SlowFastLearning", population_size=20, generations=15, evaluate_last=False),
        "regularized evolution": dict(type="RegularizedEvolution", population_size=50, tournament_size=10),
        "random search": dict(type="RandomSearch"),
        "RelativeNAS plus": dict(type="BayesianSlowFastLearning"),
    },
    reference="RelativeNAS plus",
    objectives=("latency",),
    budget=300,
    seeds=100,
)
