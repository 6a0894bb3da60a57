# The quick search on shapes, tracked by MLflow (`pip install relnas_mm[tracking]`; docs/tracking.md).
_base_ = "relativenas_shapes_quick.py"

visualizer = dict(
    vis_backends=[
        dict(type="LocalVisBackend"),
        # a server, or a database in a file:  MLFLOW_TRACKING_URI=http://localhost:5000
        dict(
            type="MLflowVisBackend",
            exp_name="relativenas",
            tracking_uri="{{$MLFLOW_TRACKING_URI:sqlite:///mlflow.db}}",
        ),
        # Weights & Biases, without an account by WANDB_MODE=offline:
        # dict(type="WandbVisBackend", init_kwargs=dict(project="relativenas")),
    ]
)
