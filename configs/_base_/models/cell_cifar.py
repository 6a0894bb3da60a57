# Network retrained on CIFAR, as in the reference implementation: 36 channels, 20 cells, auxiliary head.
model = dict(
    type="CellClassifier",
    backbone=dict(
        type="CellBackbone",
        genotype="relativenas",
        init_channels=36,
        num_cells=20,
        stem="cifar",
        out_indices=(2,),
    ),
    num_classes=10,
    auxiliary_weight=0.4,
)
