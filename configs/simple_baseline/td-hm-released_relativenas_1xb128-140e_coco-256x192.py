# The same network with what the released code does otherwise: colours in the order blue, green, red under the means of
# red, green, blue; a learning rate that never decays; the best of all epochs, by its score on the validation images.
_base_ = "./td-hm_relativenas_1xb128-140e_coco-256x192.py"
model = dict(data_preprocessor=dict(bgr_to_rgb=False))
param_scheduler = []
train_cfg = dict(val_interval=1)
default_hooks = dict(checkpoint=dict(interval=1, save_best="coco/AP", rule="greater"))
