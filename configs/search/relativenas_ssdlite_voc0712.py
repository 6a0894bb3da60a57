# The cell of the paper's SSDLite-320 on VOC 2007 + 2012, for GPUs.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/downstream.py"]

train_cfg = dict(
    evaluator=dict(tasks=dict(detection=dict(config="relnas_mm::ssdlite/ssdlite320_relativenas_200e_voc0712.py"))),
)
