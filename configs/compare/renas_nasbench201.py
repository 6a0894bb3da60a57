# ReNAS and others on NAS-Bench-201 with 150 candidates, 100 seeds.
# Searched by validation accuracy after 200 epochs, reported by test accuracy.
_base_ = "nasbench201.py"

comparison = dict(
    name="ReNAS on NAS-Bench-201",
    strategies={
        "ReNAS": dict(type="ReNAS", samples=140, predictor="reference"),
        "ReNAS, improved": dict(type="ReNAS", samples=140, predictor="improved"),
        "ReNAS, improved, three rounds": dict(type="ReNAS", samples=60, top_k=30, predictor="improved"),
    },
    reference="ReNAS, improved, three rounds",
    budget=150,
)
