# The same on VOC 2007 + 2012 trainval.
_base_ = "./ssd300_relativenas_120e_voc07.py"
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type="ConcatDataset",
        # differs between the two parts
        ignore_keys=["dataset_type"],
        datasets=[
            dict(
                _base_.train_dataloader.dataset,
                ann_file=f"VOC{year}/ImageSets/Main/trainval.txt",
                data_prefix=dict(sub_data_root=f"VOC{year}/"),
            )
            for year in (2007, 2012)
        ],
    )
)
