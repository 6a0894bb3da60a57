"""The retraining networks: sizes and keys of the reference, auxiliary heads, losses, mixing, and which can learn."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

import relnas_mm  # noqa: F401
from relnas_mm.architectures import GENOTYPES
from relnas_mm.errors import UserError
from relnas_mm.launch import read_config
from relnas_mm.models import CellBackbone, CellClassifier
from relnas_mm.models.classifiers.auxiliary_head import AuxiliaryHead
from relnas_mm.networks import CellTrunk
from relnas_mm.spaces import CellSpace

pytestmark = pytest.mark.mm

SMALL = dict(type="CellBackbone", init_channels=4, num_cells=6, stem="cifar")

# published: parameters with and without auxiliary head, number of state-dict keys
RELEASED = {
    "configs/cifar/relativenas-c36l20_1xb128-600e_cifar10.py": (4_404_648, 3_928_222, 1_972),
    "configs/cifar/relativenas-c36l20_1xb128-600e_cifar100.py": (4_525_788, 3_980_152, 1_972),
    "configs/cifar/darts-v2-c36l20_1xb128-600e_cifar10.py": (3_825_768, 3_349_342, 1_650),
    "configs/cifar/darts-v1-c36l20_1xb128-600e_cifar10.py": (3_645_840, 3_169_414, None),
    "configs/cifar/darts-v2-c36l20_1xb128-600e_cifar100.py": (3_946_908, 3_401_272, 1_650),
    "configs/imagenet/relativenas-c46l14_8xb128-250e_imagenet.py": (6_306_709, 5_050_029, 1_362),
    "configs/imagenet/darts-v2-c48l14_8xb128-250e_imagenet.py": (5_979_528, 4_718_752, 1_124),
}


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.golden
@pytest.mark.parametrize("path", RELEASED)
def test_reference_networks(path):
    model = CellClassifier(**{key: value for key, value in read_config(path).model.items() if key != "type"})
    total, without, keys = RELEASED[path]
    assert count(model) == total and total - count(model.auxiliary_head) == without
    assert keys is None or len(model.state_dict()) == keys
    if "relativenas" in path:
        dead = sum(p.numel() for p in model.parameters() if not p.requires_grad)
        assert dead == (85_192 if "imagenet" in path else 52_272)


@pytest.mark.golden
def test_keys_of_the_auxiliary_heads():
    cifar, imagenet = (set(AuxiliaryHead(16, 10, stem).state_dict()) for stem in ("cifar", "imagenet"))
    assert cifar - imagenet == {f"features.6.{n}" for n in ("weight", "bias", "running_mean", "running_var")} | {
        "features.6.num_batches_tracked"
    }
    assert {"features.2.weight", "features.3.bias", "features.5.weight", "classifier.bias"} <= imagenet <= cifar


@pytest.mark.parametrize("stem, side, stride", [("cifar", 8, 3), ("imagenet", 7, 2)])
def test_reference_pooling_where_it_fits_and_any_map_elsewhere(stem, side, stride):
    head = AuxiliaryHead(5, 3, stem).eval()
    maps = torch.rand(2, 5, side, side)
    assert torch.equal(head.features[1](maps), F.avg_pool2d(maps, 5, stride, count_include_pad=False))
    assert all(head(torch.rand(2, 5, h, w)).shape == (2, 3) for h, w in [(1, 1), (2, 5), (3, 3), (20, 13)])


def test_losses_are_those_of_the_reference():
    torch.manual_seed(0)
    model = CellClassifier(SMALL, 7, auxiliary_weight=0.4, label_smoothing=0.1).train()
    images, labels = torch.rand(4, 3, 32, 32), torch.tensor([0, 6, 3, 3])
    losses = model(images, labels, mode="loss")
    *_, last = outputs = list(model.backbone.forward_body(*model.backbone.forward_stem(images)))

    def smoothed(logits):
        log = logits.log_softmax(1)
        return -(0.9 * log[range(4), labels] + 0.1 * log.mean(1)).mean()

    torch.testing.assert_close(losses["loss_cls"], smoothed(model.classifier(last.mean((2, 3)))))
    torch.testing.assert_close(losses["loss_aux"], 0.4 * smoothed(model.auxiliary_head(outputs[4])))
    assert set(CellClassifier(SMALL, 7, auxiliary_weight=0.0)(images, labels, mode="loss")) == {"loss_cls"}
    predictions = model.eval()(images, labels, mode="predict")
    assert [int(p["gt_label"]) for p in predictions] == labels.tolist()
    torch.testing.assert_close(torch.stack([p["pred_scores"] for p in predictions]), model(images).softmax(1))


def test_mixing_is_off_by_default_and_gives_soft_labels():
    assert CellClassifier(SMALL, 3).batch_augments is None
    mixes = [dict(type="MixUp", alpha=0.5, prob=0.5), dict(type="CutMix", prob=0.5)]
    model = CellClassifier(SMALL, 3, batch_augments=mixes).train()
    images, labels = model.batch_augments(torch.rand(4, 3, 16, 16), torch.tensor([0, 1, 2, 0]))
    assert labels.shape == (4, 3) and torch.allclose(labels.sum(1), torch.ones(4))
    losses = model(torch.rand(4, 3, 16, 16), torch.tensor([0, 1, 2, 0]), mode="loss")
    sum(losses.values()).backward()
    never = CellClassifier(SMALL, 3, batch_augments=[dict(type="MixUp", prob=0.0)])
    images = torch.rand(2, 3, 8, 8)
    assert torch.equal(never.batch_augments(images, torch.tensor([0, 1]))[0], images)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(num_classes=1), "num_classes is 1"),
        (dict(auxiliary_weight=-1.0), "auxiliary_weight is -1.0"),
        (dict(label_smoothing=1.0), "label_smoothing is 1.0"),
        (dict(batch_augments={"0": "MixUp"}), "a list of mappings"),
        (dict(batch_augments=[dict(type="Blend")]), "'Blend'.*'MixUp', 'CutMix'"),
        (dict(batch_augments=[dict(type="MixUp", alpha=-1.0)]), "bad MixUp"),
        (dict(batch_augments=[dict(type="MixUp", prob=0.7), dict(type="CutMix", prob=0.7)]), "probabilities"),
    ],
)
def test_bad_settings(arguments, message):
    with pytest.raises(UserError, match=message):
        CellClassifier(SMALL, **{"num_classes": 5, **arguments})


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    stem=st.sampled_from(["cifar", "imagenet"]),
    out_indices=st.sampled_from([(2,), (1,), (0, 1), ("stem", 1), ("stem",), ("stem", 0, 1, 2)]),
)
def test_only_parameters_that_can_get_a_gradient_ask_for_one(seed, stem, out_indices):
    import numpy as np

    space = CellSpace()
    genotype = space.decode(space.sample(np.random.default_rng(seed), 1)[0])
    network = CellBackbone(genotype, 2, 4, stem, out_indices)
    sum(m.square().sum() for m in network(torch.rand(2, 3, 64, 64))).backward()
    for name, parameter in network.named_parameters():
        assert (parameter.grad is not None) == parameter.requires_grad, name


def test_published_dead_parameters_are_found():
    trunk = CellTrunk(GENOTYPES["relativenas"], 46, 14, "imagenet")
    assert sum(map(count, trunk.unused_modules([13]))) == 85_192


def test_weights_of_another_run_by_init_cfg(tmp_path):
    trained = CellClassifier(SMALL, 3)
    path = tmp_path / "epoch_1.pth"
    torch.save({"state_dict": trained.state_dict(), "meta": {}}, path)
    model = CellClassifier(SMALL, 3, init_cfg=dict(type="Pretrained", checkpoint=str(path)))
    model.init_weights()
    assert all(torch.equal(value, trained.state_dict()[key]) for key, value in model.state_dict().items())
    other = CellClassifier(SMALL, 4, init_cfg=dict(type="Pretrained", checkpoint=str(path)))
    with pytest.raises(UserError, match=r"trained for 3 classes, but num_classes is 4"):
        other.init_weights()
