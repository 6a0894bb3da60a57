# The same network with the reference implementation's choices: the scale of InPlaceABN, frozen affine parameters of the
# backbone's batch normalization, no scale below 1, and windows merged by the exponential of their probabilities.
_base_ = "./bisenet_relativenas_2xb8-80k_cityscapes-1024x1024.py"

norm_cfg = dict(type="AbsoluteScaleNorm", norm=dict(type="SyncBN"))
model = dict(
    backbone=dict(
        # running statistics are still updated
        backbone=dict(norm_cfg=dict(type="BN", requires_grad=False)),
        norm_cfg=dict(_delete_=True, **norm_cfg),
    ),
    decode_head=dict(norm_cfg=dict(_delete_=True, **norm_cfg)),
    auxiliary_head=[dict(head, norm_cfg=norm_cfg) for head in _base_.model.auxiliary_head],
    test_cfg=dict(window_scores="exp_softmax"),
)
train_pipeline = [dict(step) for step in _base_.train_pipeline]
# smaller images are first resized to the crop
train_pipeline[4]["scales"] = [(2048, 1024), *_base_.train_pipeline[4].scales[1:]]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
