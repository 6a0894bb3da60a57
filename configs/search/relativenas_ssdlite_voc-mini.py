# The cell of an SSDLite on a part of VOC 2007 (VOC_ROOT), hours on two CPU cores.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/downstream.py"]

train_cfg = dict(
    strategy=dict(population_size=10, generations=10),
    evaluator=dict(
        tasks=dict(detection=dict(config="relnas_mm::ssdlite/ssdlite320_relativenas-c16l6_20e_voc-mini.py"))
    ),
)
