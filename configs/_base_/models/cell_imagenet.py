# Network retrained on ImageNet, as in the reference implementation: 46 channels, 14 cells, auxiliary head, label
# smoothing.
# Images arrive as uint8 RGB and are normalized on the device.
model = dict(
    type="CellClassifier",
    data_preprocessor=dict(
        type="ImgDataPreprocessor", mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=False
    ),
    backbone=dict(
        type="CellBackbone",
        genotype="relativenas",
        init_channels=46,
        num_cells=14,
        stem="imagenet",
        out_indices=(2,),
    ),
    num_classes=1000,
    auxiliary_weight=0.4,
    label_smoothing=0.1,
)
