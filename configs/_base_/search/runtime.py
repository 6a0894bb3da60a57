custom_imports = dict(imports=["relnas_mm.search.mm_loop"])
default_scope = "mmengine"
randomness = dict(seed=7)
# TensorBoard is left out, with a warning, where it is not installed.
visualizer = dict(type="Visualizer", vis_backends=[dict(type="LocalVisBackend"), dict(type="TensorboardVisBackend")])
