# The best network within 6 ms on one CPU thread, among three widths, three depths and all places of the reductions.
# Measure the table first: python tools/latency.py THIS_CONFIG --out work_dirs/latency.json (--runtime onnxruntime for
# networks that are deployed so); latency is that of the backbone, for one image of 160x160.
_base_ = "relativenas_shapes_quick.py"

train_cfg = dict(
    space=dict(init_channels=(6, 8, 12), num_cells=(4, 5, 6), reductions=True),
    budget=dict(
        network=dict(stem="imagenet", image_size=160, num_classes=0),
        latency_table="{{$LATENCY_TABLE:work_dirs/latency.json}}",
        max_latency=6.0,
        max_params=200_000,
    ),
)
