# A pose estimator for a CPU: 16 channels, 6 cells, narrow deconvolutions.
_base_ = "./td-hm_relativenas_1xb16-100e_coco-mini-256x192.py"
model = dict(backbone=dict(init_channels=16, num_cells=6), head=dict(in_channels=256, deconv_out_channels=(64, 64, 64)))
