"""Weights where mm configs name a checkpoint: every origin is taken, another network's is refused with its reason."""

import http.server
import importlib
import threading

import pytest
import torch
from helpers.original_checkpoints import SMALL, rewired, same_weights, save_original
from mmengine.config import ConfigDict
from mmengine.registry import MODELS

import relnas_mm  # noqa: F401
from relnas_mm.architectures import GENOTYPES, save_genotype
from relnas_mm.errors import UserError
from relnas_mm.models import CellBackbone, CellClassifier
from relnas_mm.models.checkpoints.conversion import convert_checkpoint
from relnas_mm.models.checkpoints.files import read_checkpoint
from relnas_mm.models.checkpoints.output import write_conversion
from relnas_mm.models.pretrained import load_pretrained

pytestmark = pytest.mark.mm

DETECTOR = dict(
    type="mmdet.RetinaNet",
    neck=dict(type="mmdet.FPN", in_channels=[16, 32, 64], out_channels=8, num_outs=3),
    bbox_head=dict(type="mmdet.RetinaHead", num_classes=2, in_channels=8, stacked_convs=1, feat_channels=8),
)
SEGMENTOR = dict(
    type="mmseg.EncoderDecoder",
    decode_head=dict(type="mmseg.FCNHead", in_channels=64, in_index=2, channels=8, num_classes=2),
)
ESTIMATOR = dict(
    type="mmpose.TopdownPoseEstimator",
    head=dict(type="mmpose.HeatmapHead", in_channels=64, out_channels=2, deconv_out_channels=None,
              loss=dict(type="mmpose.KeypointMSELoss"),
              decoder=dict(type="mmpose.MSRAHeatmap", input_size=(32, 32), heatmap_size=(8, 8), sigma=2)),
)  # fmt: skip


def classifier(classes=10, auxiliary_weight=0.4, **backbone):
    return CellClassifier({"type": "CellBackbone", **SMALL, **backbone}, classes, auxiliary_weight)


def training_checkpoint(path, trunk):
    """As mmengine's hook writes it while a classifier is trained."""
    from mmengine.logging import MessageHub

    network = classifier(10)
    network.backbone.load_state_dict(trunk.state_dict())
    hub = MessageHub(path.stem)
    hub.update_scalar("loss", 1.0)
    meta = {"epoch": 1, "cfg": "model = dict()", "experiment_name": "x"}
    optimizer = torch.optim.SGD(network.parameters(), 0.1).state_dict()
    torch.save(
        {"meta": meta, "state_dict": network.state_dict(), "message_hub": hub.state_dict(), "optimizer": optimizer},
        path,
    )


@pytest.fixture(scope="module")
def origins(tmp_path_factory):
    """The same backbone in the files that users have."""
    folder = tmp_path_factory.mktemp("origins")
    source, trunk = save_original(folder / "release.pt")
    for name, target in (("b.pth", "backbone"), ("b.safetensors", "backbone"), ("c.pth", "classifier")):
        write_conversion(convert_checkpoint(source, target), folder / name)
    training_checkpoint(folder / "epoch_1.pth", trunk)
    return folder, trunk


ORIGINS = ["release.pt", "b.pth", "b.safetensors", "c.pth", "epoch_1.pth"]


@pytest.mark.parametrize("package, model, name", [
    *(("mmdet", DETECTOR, name) for name in ORIGINS),
    *(("mmseg", SEGMENTOR, name) for name in ORIGINS[::2]),
    *(("mmpose", ESTIMATOR, name) for name in ORIGINS[1::2]),
])  # fmt: skip
def test_init_cfg_takes_every_origin(package, model, name, origins):
    importlib.import_module(f"{package}.models")
    folder, trunk = origins
    backbone = dict(type="CellBackbone", **SMALL, init_cfg=dict(type="Pretrained", checkpoint=str(folder / name)))
    built = MODELS.build({**model, "backbone": backbone})
    built.init_weights()
    assert same_weights(built.backbone, trunk.state_dict())


@pytest.mark.parametrize("name", ["release.pt", "c.pth", "epoch_1.pth", "b.safetensors"])
def test_a_classifier_takes_its_heads_too(name, origins):
    folder, trunk = origins
    network = classifier(10)
    report = load_pretrained(network, folder / name)
    assert same_weights(network.backbone, trunk.state_dict())
    assert not report["unexpected"] and not report["dropped"]
    assert len(report["missing"]) == (0 if name != "b.safetensors" else 9 + 2 - 1)  # a counter is added
    if name != "b.safetensors":
        given = {
            key.removeprefix("module."): value for key, value in read_checkpoint(str(folder / name)).weights.items()
        }
        assert torch.equal(network.classifier.weight, given["classifier.weight"])
        assert torch.equal(network.auxiliary_head.classifier.bias, given["auxiliary_head.classifier.bias"])
    plain = classifier(10, auxiliary_weight=0)
    assert len(load_pretrained(plain, folder / name)["dropped"]) == (0 if name == "b.safetensors" else 9)


def test_another_number_of_classes_is_one_sentence(origins):
    folder, _ = origins
    with pytest.raises(UserError, match=r"release\.pt' does not fit CellClassifier: it was trained for 10 classes, but "
                       "num_classes is 20"):  # fmt: skip
        load_pretrained(classifier(20), folder / "release.pt")


def test_other_normalization_layers_are_no_other_genotype(origins):
    folder, _ = origins
    backbone = CellBackbone(**SMALL, norm_cfg=dict(type="GN", num_groups=1))
    report = load_pretrained(backbone, folder / "release.pt")
    assert all(key.endswith(("running_mean", "running_var", "num_batches_tracked")) for key in report["unexpected"])
    assert not report["missing"]


@pytest.mark.parametrize("network, reason", [
    (dict(genotype="darts_v2"), r"cells 0-5 differ: cells\.0\._ops\.1 is dil_conv_5x5 in the file but sep_conv_3x3 in"),
    (dict(init_channels=8), r"init_channels is 4 in the file but 8 in the network, so that stem0.* has shape"),
    (dict(num_cells=8), "num_cells is 6 in the file but 8 in the network"),
    (dict(stem="cifar"), "stem is 'imagenet' in the file but 'cifar' in the network"),
])  # fmt: skip
def test_a_checkpoint_of_another_network_is_refused(network, reason, origins):
    folder, _ = origins
    backbone = CellBackbone(**{**SMALL, **network})
    before = {key: value.clone() for key, value in backbone.state_dict().items()}
    for name in ("release.pt", "b.safetensors", "epoch_1.pth"):
        with pytest.raises(UserError, match=rf"{name}' does not fit CellBackbone: .*{reason}"):
            load_pretrained(backbone, folder / name)
    assert same_weights(backbone, before)


def test_equal_names_of_another_graph(origins, tmp_path):
    """Original files cannot tell; converted ones carry their genotype."""
    folder, _ = origins
    other = rewired(GENOTYPES["relativenas"])
    backbone = CellBackbone(other, **SMALL)
    assert load_pretrained(backbone, folder / "release.pt")["loaded"]
    reason = r"edge 0 of the normal cell is \('sep_conv_3x3', 0\) in the file but \('sep_conv_3x3', 1\)"
    for name in ("b.pth", "b.safetensors"):
        with pytest.raises(UserError, match=reason):
            load_pretrained(backbone, folder / name)
    save_genotype(other, tmp_path / "other.json")
    with pytest.raises(UserError, match=rf"b\.pth' carries another genotype than '.*other\.json': {reason}"):
        convert_checkpoint(str(folder / "b.pth"), genotype=str(tmp_path / "other.json"))
    assert convert_checkpoint(str(folder / "release.pt"), genotype=str(tmp_path / "other.json")).kept


def test_a_checkpoint_is_fetched_over_http_once(tmp_path, monkeypatch):
    served = tmp_path / "served"
    served.mkdir()
    _, trunk = save_original(served / "x.pt")
    requests = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(served))

        def log_message(self, format, *arguments):
            requests.append(arguments)

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        for _ in range(2):
            backbone = CellBackbone(**SMALL, init_cfg=dict(type="Pretrained", checkpoint=f"{address}/x.pt"))
            backbone.init_weights()
            assert same_weights(backbone, trunk.state_dict())
        assert len(requests) == 1
        with pytest.raises(UserError, match=r"no\.pt' cannot be read: HTTP Error 404"):
            convert_checkpoint(f"{address}/no.pt")
        conversion = convert_checkpoint(f"{address}/x.pt")
        assert conversion.checkpoint.meta["source"] == f"{address}/x.pt"
    finally:
        server.shutdown()
        server.server_close()


def test_pretrained_is_an_older_form_of_init_cfg(tmp_path):
    """As mm backbones take it, alone or from mmseg's segmentor."""
    torch.save(CellBackbone(**SMALL).state_dict(), tmp_path / "weights.pth")
    path = str(tmp_path / "weights.pth")
    backbone = CellBackbone(**SMALL, pretrained=path)
    assert backbone.init_cfg == dict(type="Pretrained", checkpoint=path)
    backbone.init_weights()
    assert same_weights(backbone, torch.load(path))
    config = ConfigDict(SEGMENTOR, pretrained=path, backbone=dict(type="CellBackbone", **SMALL))
    segmentor = MODELS.build(config)
    segmentor.init_weights()
    assert same_weights(segmentor.backbone, torch.load(path))
    assert CellBackbone(**SMALL, pretrained=None).init_cfg is None


@pytest.mark.parametrize("kind", ["CellBackbone", "ChainBackbone"])
def test_pretrained_of_another_network_is_refused(kind):
    for address in ("torchvision://resnet50", "open-mmlab://resnet50_v1c"):
        with pytest.raises(
            UserError, match=f"pretrained is '{address}', the weights of another network; name a checkp"
        ):
            MODELS.build(dict(type=kind, pretrained=address))
    with pytest.raises(UserError, match=r"both pretrained='a\.pth' and init_cfg={.*} are given; a backbone takes one"):
        MODELS.build(dict(type=kind, pretrained="a.pth", init_cfg=dict(type="Pretrained", checkpoint="b.pth")))
