# As in the reference implementation: exponential warm-up from 1e-5 to 1e-2, then polynomial decay (1 - t)^0.9; weight
# decay on convolutions only; ten times the learning rate for the feature fusion module and the three heads.
_base_ = "mmseg::_base_/schedules/schedule_80k.py"

no_decay = dict(lr_mult=10.0, decay_mult=0.0)
optim_wrapper = dict(
    optimizer=dict(lr=1e-2, momentum=0.9, weight_decay=5e-4),
    paramwise_cfg=dict(
        flat_decay_mult=0.0,
        # only the longest matching name applies
        custom_keys={
            "decode_head": dict(lr_mult=10.0),
            "auxiliary_head": dict(lr_mult=10.0),
            "backbone.ffm": dict(lr_mult=10.0),
            "decode_head.convs.0.bn": no_decay,
            "auxiliary_head.0.convs.0.bn": no_decay,
            "auxiliary_head.1.convs.0.bn": no_decay,
            "backbone.ffm.conv.bn": no_decay,
        },
    ),
)
warmup = 1000
param_scheduler = [
    # persists, so that the next scheduler starts from 1e-5
    dict(type="ConstantLR", by_epoch=False, factor=1e-3),
    dict(type="ExponentialLR", by_epoch=False, gamma=1000 ** (1 / warmup), begin=0, end=warmup + 1),
    dict(type="PolyLR", by_epoch=False, power=0.9, eta_min=0.0, begin=warmup, end=80000),
]
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
