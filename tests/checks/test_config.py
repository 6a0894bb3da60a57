"""What is refused before anything is built: crops and windows of segmentors that do not fit."""

import pytest
from mmengine.config import Config

from relnas_mm.checks import check_before_running
from relnas_mm.errors import UserError

pytestmark = pytest.mark.unit


def config(tmp_path, crop=(32, 64), **test_cfg):
    return Config(
        dict(
            work_dir=str(tmp_path / "run"),
            model=dict(data_preprocessor=dict(size=(32, 64)), test_cfg=dict(mode="slide", **test_cfg)),
            train_dataloader=dict(
                dataset=dict(data_root=str(tmp_path), pipeline=[dict(type="RandomCrop", crop_size=crop)])
            ),
        )
    )


WINDOWS = {"crop_size": (32, 64), "stride": (16, 64)}


def test_what_fits_is_accepted(tmp_path):
    check_before_running(config(tmp_path, **WINDOWS), ("train_dataloader",))
    check_before_running(config(tmp_path, crop=(64, 64), **WINDOWS), ())  # a test has no crops


def test_a_crop_larger_than_its_padding(tmp_path):
    with pytest.raises(UserError, match=r"crop_size of RandomCrop .* \(33, 64\), but .*size is \(32, 64\)"):
        check_before_running(config(tmp_path, crop=(33, 64), **WINDOWS), ("train_dataloader",))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("windows", [{"crop_size": (32, 64), "stride": (33, 64)}, {"stride": (8, 8)}, {}])
def test_windows_that_leave_gaps(windows, tmp_path):
    with pytest.raises(UserError, match="mode 'slide'; both must be given, and the stride must be from 1 to"):
        check_before_running(config(tmp_path, **windows), ())


@pytest.mark.mm
@pytest.mark.parametrize("kind", ["BaseSegDataset", "mmseg.BaseSegDataset"])
def test_a_segmentor_without_classes(kind, tmp_path):
    dataset = dict(type=kind, data_root=str(tmp_path))
    without = Config(
        dict(work_dir=str(tmp_path / "run"), default_scope="mmseg", val_dataloader=dict(dataset=dict(dataset)))
    )
    with pytest.raises(
        UserError, match=r"metainfo \(val_dataloader\) names no classes, and neither does .*SegDataset;"
    ):
        check_before_running(without, ("val_dataloader",))
    without.val_dataloader.dataset.metainfo = dict(classes=["road"])
    check_before_running(without, ("val_dataloader",))
    without.val_dataloader.dataset = dict(type="CityscapesDataset", data_root=str(tmp_path))  # knows its classes
    check_before_running(without, ("val_dataloader",))


@pytest.mark.mm
def test_arguments_that_a_data_set_does_not_take(tmp_path):
    import relnas_mm  # noqa: F401  (registers)

    def wrapped(**options):
        inner = dict(type="ArrayDataset", data=dict(type="CIFAR10", data_root=str(tmp_path)), **options)
        loader = dict(dataset=dict(type="RepeatDataset", times=2, dataset=inner))
        return Config(dict(work_dir=str(tmp_path / "run"), train_dataloader=loader))

    check_before_running(wrapped(augmentation=None), ("train_dataloader",))
    with pytest.raises(
        UserError, match=r"^ArrayDataset \(train_dataloader\) does not take limit; it takes augmentation, "
    ):
        check_before_running(wrapped(limit=3), ("train_dataloader",))


@pytest.mark.parametrize(
    ("loader", "message"),
    [
        (dict(num_workers=0, persistent_workers=True), "val_dataloader.persistent_workers is True, .* set it to False"),
        (dict(num_workers=0, prefetch_factor=2), "val_dataloader.prefetch_factor is 2, which .* set it to None"),
        (dict(num_workers=-1), "val_dataloader.num_workers is -1; it must be an integer of at least 0"),
        (dict(num_workers="two"), "val_dataloader.num_workers is 'two'"),
    ],
)
def test_loaders_without_the_workers_that_they_need(loader, message, tmp_path):
    config = Config(dict(val_dataloader=loader, work_dir=str(tmp_path)))
    with pytest.raises(UserError, match=message):
        check_before_running(config, ("val_dataloader",))


def test_an_optimizer_that_is_not_registered(tmp_path):
    config = Config(dict(optim_wrapper=dict(optimizer=dict(type="Adma")), work_dir=str(tmp_path)))
    with pytest.raises(UserError, match="optim_wrapper.optimizer.type is 'Adma', which is no registered optimizer"):
        check_before_running(config, ("train_dataloader",))
