# ReNAS on NAS-Bench-201: 424 samples, then the ten architectures that the predictor ranks highest.
# data/nasbench201.csv has the columns arch_str, c10_val200, c10_test200, …
_base_ = "relativenas_nasbench201.py"

train_cfg = dict(
    strategy=dict(_delete_=True, type="ReNAS", queries=434, samples=424, top_k=10, predictor="improved"),
)
