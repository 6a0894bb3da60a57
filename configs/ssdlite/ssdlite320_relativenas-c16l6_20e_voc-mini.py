# A detector for a CPU: 16 channels, 6 cells.
_base_ = "./ssdlite320_relativenas_20e_voc-mini.py"
model = dict(
    backbone=dict(init_channels=16, num_cells=6),
    neck=dict(in_channels=(128, 256)),
    bbox_head=dict(in_channels=(128, 256, 512, 256, 256, 64)),
)
