"""Knowledge distillation: teachers of all libraries, the loss, and what checkpoints hold."""

import math

import pytest
import torch
import torch.nn.functional as F

import relnas_mm  # noqa: F401
from relnas_mm.errors import UserError
from relnas_mm.models import CellClassifier

pytestmark = pytest.mark.mm

SMALL = dict(type="CellBackbone", init_channels=4, num_cells=3, stem="cifar")
STUDENT = dict(backbone=SMALL, num_classes=3, auxiliary_weight=0.0)
TEACHERS = {
    "relnas_mm": dict(type="CellClassifier", backbone=SMALL, num_classes=3),
    "torchvision": dict(type="torchvision", name="resnet18", num_classes=3),
    "timm": dict(type="timm", name="resnet10t", num_classes=3),
    "mmpretrain": dict(
        type="mmpretrain.ImageClassifier",
        backbone=dict(type="mmpretrain.MobileNetV2", widen_factor=0.25),
        neck=dict(type="mmpretrain.GlobalAveragePooling"),
        head=dict(type="mmpretrain.LinearClsHead", num_classes=3, in_channels=1280),
    ),
}


@pytest.fixture
def images():
    return torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


LABELS = torch.tensor([0, 1, 2, 0])


@pytest.mark.parametrize("library", TEACHERS)
def test_a_student_learns_from_a_classifier_of_any_library(library, images):
    if library not in ("relnas_mm", "torchvision"):
        pytest.importorskip(library, reason=f"{library} is not installed")
        if library == "mmpretrain":
            import mmpretrain.models  # noqa: F401
    torch.manual_seed(0)
    model = CellClassifier(**STUDENT, teacher=dict(model=TEACHERS[library], weight=0.7, temperature=2.0)).train()
    losses = model(images, LABELS, mode="loss")
    network = model.distillation.prepare()
    teacher = network(images)
    student = model.logits(images)[0]
    p, q = (F.softmax(logits / 2.0, 1) for logits in (teacher, student))
    expected = 0.7 * 4.0 * (p * (p / q).log()).sum(1).mean()
    assert losses["loss_distillation"].item() == pytest.approx(expected.item(), rel=1e-3)
    assert losses["loss_cls"].item() == pytest.approx(0.3 * F.cross_entropy(student, LABELS).item(), rel=1e-3)
    sum(losses.values()).backward()
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)
    assert not network.training and not any(p.requires_grad or p.grad is not None for p in network.parameters())


def test_the_teacher_is_no_part_of_checkpoints(images):
    plain = CellClassifier(**STUDENT)
    model = CellClassifier(**STUDENT, teacher=dict(model=TEACHERS["torchvision"]))
    assert model.state_dict().keys() == plain.state_dict().keys()
    assert model.load_state_dict(plain.state_dict()).missing_keys == []
    assert {name for name, _ in model.named_parameters()} == {name for name, _ in plain.named_parameters()}
    model.init_weights()
    assert model.state_dict().keys() == plain.state_dict().keys()
    double = model.double().train()(images.double(), LABELS, mode="loss")
    assert double["loss_distillation"].dtype == torch.float64


def test_a_checkpoint_is_loaded_and_must_fit(images, tmp_path):
    teacher = CellClassifier(SMALL, 3).eval()
    torch.save({"state_dict": teacher.state_dict()}, tmp_path / "teacher.pth")
    config = dict(model=TEACHERS["relnas_mm"], checkpoint=str(tmp_path / "teacher.pth"))
    model = CellClassifier(**STUDENT, teacher=config)
    assert torch.equal(model.distillation.prepare()(images), teacher(images))
    config["model"] = TEACHERS["torchvision"]
    with pytest.raises(
        UserError, match=r"teacher\.pth' does not fit the teacher 'resnet18': \d+ weights differ, the fir"
    ):
        CellClassifier(**STUDENT, teacher=config).init_weights()


def test_a_student_of_one_image_each_approaches_its_teacher(images):
    """The loss vanishes as the logits become equal."""
    torch.manual_seed(0)
    model = CellClassifier(**STUDENT, teacher=dict(model=TEACHERS["relnas_mm"], weight=1.0)).train()
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    values = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = model(images, LABELS, mode="loss")["loss_distillation"]
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    assert values[-1] < 0.1 * values[0]


BAD = {
    "weight": (
        dict(model=TEACHERS["torchvision"], weight=0.0),
        "weight of the teacher is 0.0; it must be above 0 and at",
    ),
    "temperature": (
        dict(model=TEACHERS["torchvision"], temperature=0),
        "temperature of the teacher is 0; it must be ab",
    ),
    "name": (
        dict(model=dict(type="torchvision", name="resnet19")),
        "the teacher .*resnet19.* cannot be built: .*resnet19",
    ),
    "type": (dict(model=dict(type="NoModel")), "the teacher .*NoModel.* cannot be built: .*NoModel"),
    "argument": (
        dict(model=TEACHERS["torchvision"], alpha=1),
        r"it takes model, checkpoint, weight and temperature \(.*alp",
    ),
    "no model": (dict(weight=1.0), "it takes model, checkpoint, weight and temperature"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_teachers(case):
    config, sentence = BAD[case]
    with pytest.raises(UserError, match=sentence):
        CellClassifier(**STUDENT, teacher=config).init_weights()


def test_another_number_of_classes_is_named_with_the_first_batch(images):
    teacher = dict(type="torchvision", name="resnet18", num_classes=5)
    model = CellClassifier(**STUDENT, teacher=dict(model=teacher))
    with pytest.raises(UserError, match=r"teacher 'resnet18' returns \(4, 5\) for 4 images; logits of 3 classes"):
        model(images, LABELS, mode="loss")
    assert math.isfinite(model(images).sum().item())
