# What MMEngine's Runner wants of whoever trains.  A search builds its own networks, optimizers and batches, so these
# stand-ins are never used.
model = dict(type="SearchModel")
train_dataloader = ()
optim_wrapper = dict(optimizer=dict(type="SGD", lr=0.0))
default_hooks = dict(timer=None, param_scheduler=None, checkpoint=None, sampler_seed=None, logger=None)

custom_imports = dict(imports=["relnas_mm.search"])
default_scope = "mmengine"
randomness = dict(seed=7)
# TensorBoard is left out where it is not installed.
visualizer = dict(type="Visualizer", vis_backends=[dict(type="LocalVisBackend"), dict(type="TensorboardVisBackend")])
