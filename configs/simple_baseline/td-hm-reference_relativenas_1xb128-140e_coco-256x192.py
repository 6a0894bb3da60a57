# The same network with the reference implementation's choices: BGR images normalized by RGB means, a learning rate that
# never decays, and the epoch with the best validation score.
_base_ = "./td-hm_relativenas_1xb128-140e_coco-256x192.py"
model = dict(data_preprocessor=dict(bgr_to_rgb=False))
param_scheduler = []
train_cfg = dict(val_interval=1)
default_hooks = dict(checkpoint=dict(interval=1, save_best="coco/AP", rule="greater"))
