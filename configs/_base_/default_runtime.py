# Runner settings shared by all classification configs.
custom_imports = dict(imports=["relnas_mm"], allow_failed_imports=False)
default_scope = "mmengine"
default_hooks = dict(
    timer=dict(type="IterTimerHook"),
    logger=dict(type="LoggerHook", interval=100),
    param_scheduler=dict(type="ParamSchedulerHook"),
    checkpoint=dict(type="CheckpointHook", interval=1, max_keep_ckpts=2, save_best="accuracy/top1", rule="greater"),
    sampler_seed=dict(type="DistSamplerSeedHook"),
    data_check=dict(type="DataCheckHook"),
    worker_seed=dict(type="WorkerSeedHook"),
    finite_loss=dict(type="FiniteLossHook"),
    pretrained_fit=dict(type="PretrainedFitHook"),
    training_curve=dict(type="TrainingCurveHook", metric="accuracy/top1"),
)
env_cfg = dict(
    cudnn_benchmark=True, mp_cfg=dict(mp_start_method="fork", opencv_num_threads=0), dist_cfg=dict(backend="nccl")
)
visualizer = dict(type="Visualizer", vis_backends=[dict(type="LocalVisBackend"), dict(type="TensorboardVisBackend")])
log_processor = dict(window_size=50)
randomness = dict(seed=0)
load_from = None
resume = False
val_evaluator = dict(type="Accuracy", topk=(1, 5))
# writes the confusion matrix to files: --cfg-options test_evaluator.1.out_dir=DIR
test_evaluator = [val_evaluator, dict(type="ConfusionMatrix")]
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
