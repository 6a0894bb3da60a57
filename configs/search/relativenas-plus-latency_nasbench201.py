# The front of accuracy and latency (Pixel 2, from HELP's measurements) on NAS-Bench-201, CIFAR-100: 300 queries.
# data/nasbench201.csv has the columns index, arch_str, c100_val200, c100_test200; data/nasbench201_latency.csv has the
# columns index and pixel2.
_base_ = "./relativenas-plus_nasbench201.py"

train_cfg = dict(
    evaluator=dict(
        objective="c100_val200",
        report="c100_test200",
        latency=dict(table="data/nasbench201_latency.csv", column="pixel2"),
    ),
    objectives=["latency"],
)
