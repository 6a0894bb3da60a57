# The seven tasks of TransNAS-Bench-101, micro space: 300 candidates, 100 seeds, and the transfer of winners to the
# other tasks.  The table has validation scores only, which are both searched by and reported.
_base_ = "../_base_/compare/strategies.py"

table = "{{$TABULAR_ROOT:data/tabular}}/combined/transnasbench101_micro_val.csv"
percent = dict(type="TabularEvaluator", table=table, report=None, key="arch")
comparison = dict(
    name="TransNAS-Bench-101, micro",
    space=dict(type="TransNASMicroSpace"),
    tasks={
        "autoencoder": dict(objective="autoencoder", perfect=1.0, **percent),
        "class_object": dict(objective="class_object", **percent),
        "class_scene": dict(objective="class_scene", **percent),
        "jigsaw": dict(objective="jigsaw", **percent),
        "normal": dict(objective="normal", perfect=1.0, **percent),
        "room_layout": dict(objective="room_layout", perfect=0.0, **percent),
        "segmentsemantic": dict(objective="segmentsemantic", **percent),
    },
    budget=300,
    transfer=True,
)
