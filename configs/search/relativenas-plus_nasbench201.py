# Slow-fast learning with a Gaussian process as referee on NAS-Bench-201: 300 queries, seconds on a CPU.
# data/nasbench201.csv has the columns arch_str, c10_val200, c10_test200, …
_base_ = "./relativenas_nasbench201.py"

train_cfg = dict(strategy=dict(_delete_=True, type="BayesianSlowFastLearning", queries=300))
