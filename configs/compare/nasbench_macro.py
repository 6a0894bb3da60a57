# NAS-Bench-Macro: 300 candidates, 100 seeds.  Searched by the test accuracy of the first of three trainings, reported
# by their mean; the benchmark has no validation accuracy.
_base_ = "../_base_/compare/strategies.py"

table = "{{$TABULAR_ROOT:data/tabular}}/NAS-Bench-Macro/nas-bench-macro_cifar10.json"
comparison = dict(
    name="NAS-Bench-Macro",
    space=dict(type="NASBenchMacroSpace"),
    tasks={"CIFAR-10": dict(type="TabularEvaluator", table=table, objective="test_acc.0", report="mean_acc")},
    budget=300,
)
