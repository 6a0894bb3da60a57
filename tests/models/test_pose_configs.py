"""SimpleBaseline on cell backbones: published sizes, loss, decoding and schedule; mmpose's inference."""

import sys

import numpy as np
import pytest
import torch
from helpers import ROOT
from helpers.mm import build, read_untrained
from mmengine.registry import PARAM_SCHEDULERS, DefaultScope
from torch import nn

from relnas_mm.analysis.macs import count_macs

pytestmark = pytest.mark.mm

END = "_1xb128-140e_coco-256x192"
MAIN, REFERENCE = f"td-hm_relativenas{END}", f"td-hm-reference_relativenas{END}"
SMALL = "td-hm_relativenas-c16l6_1xb32-12e_shapes-128x96"
OTHERS = ("darts-v2-c48", "mobilenetv2", "r50")
PICTURE = str(ROOT / "docs" / "images" / "shapes_coco_keypoints.png")


class Tensors(nn.Module):
    """A model as a function of images, which remembers the shape of its heat-maps."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, images):
        maps = self.model(images, None, mode="tensor")
        self.shape = tuple(maps.shape[1:])
        return maps


SIZES = {
    MAIN: (9_430_742, 564_185_088, 1_715_521_536),
    f"td-hm_darts-v2-c48{END}": (9_198_537, 531_766_272, 1_689_394_176),
    f"td-hm_mobilenetv2{END}": (9_569_809, 306_803_712, 1_565_094_912),
    "td-hm_relativenas_1xb128-140e_coco-384x288": (9_430_742, 1_269_416_448, 3_859_923_456),
    "td-hm_relativenas_1xb128-140e_mpii-256x256": (9_430_485, 751_194_112, 2_286_309_376),
}


@pytest.mark.golden
@pytest.mark.parametrize("name", SIZES)
def test_parameters_multiply_adds_and_heat_maps(name):
    """The first two of 256x192 are published; the deconvolutions, which were not counted, are reckoned here."""
    config = read_untrained(f"simple_baseline/{name}")
    model = Tensors(build(config.model, "mmpose").eval())
    width, height = config.codec.input_size
    counts = count_macs(model, torch.zeros(1, 3, height, width))
    parameters = sum(value.numel() for value in model.parameters())
    assert (parameters, counts.quoted[""], counts.all[""]) == SIZES[name]
    cells, inputs = height * width // 32**2, model.model.head.deconv_layers[0].in_channels
    deconvolutions = 16 * 256 * cells * (inputs + 4 * 256 + 16 * 256)
    assert counts.all[""] - counts.quoted[""] == deconvolutions
    assert round(SIZES[MAIN][1] / 1e6, 2) == 564.19
    assert model.shape == (16 if "mpii" in name else 17, height // 4, width // 4)


@pytest.mark.golden
def test_parts_and_first_weights():
    model = build(read_untrained(f"simple_baseline/{MAIN}").model, "mmpose")
    model.init_weights()
    parts = (model.backbone, model.head.deconv_layers, model.head.final_layer)
    assert [sum(p.numel() for p in part.parameters()) for part in parts] == [4_313_029, 5_113_344, 4_369]
    deconv, norm = model.head.deconv_layers[0], model.head.deconv_layers[1]
    assert deconv.bias is None and deconv.kernel_size == (4, 4) and deconv.stride == (2, 2) and deconv.padding == (1, 1)
    assert deconv.weight.std().item() == pytest.approx(0.001, rel=0.01)
    assert (norm.weight == 1).all() and (norm.bias == 0).all()
    assert model.head.final_layer.weight.std().item() == pytest.approx(0.001, rel=0.05)


@pytest.mark.parametrize("name", [*SIZES, f"td-hm_r50{END}", f"rtmpose_relativenas{END}", SMALL])
def test_data_and_head_share_one_code(name):
    config = read_untrained(f"simple_baseline/{name}")
    width, height = config.codec.input_size
    code = config.model.head.decoder
    assert {**config.codec, **code} == config.codec
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        steps = {step.type: step for step in loader.dataset.pipeline}
        assert tuple(steps["TopdownAffine"].input_size) == (width, height)
        assert steps.get("GenerateTarget", {"encoder": code})["encoder"] == code


def test_the_loss_is_that_of_the_reference():
    """For each joint half the mean squared error of maps that are multiplied by the joint's weight; their mean."""
    config = read_untrained(f"simple_baseline/{MAIN}")
    loss = build(config.model.head.loss, "mmpose")
    generator = torch.Generator().manual_seed(0)
    maps, targets = torch.rand(2, 4, 17, 64, 48, generator=generator)
    weights = (torch.rand(4, 17, generator=generator) > 0.4).float()
    expected = 0.0
    for joint in range(17):
        weight = weights[:, joint, None, None]
        expected += 0.5 * nn.functional.mse_loss(maps[:, joint] * weight, targets[:, joint] * weight) / 17
    assert loss(maps, targets, weights).item() == pytest.approx(expected.item(), rel=1e-5)


def sample(center, size, **meta):
    from mmengine.structures import InstanceData
    from mmpose.structures import PoseDataSample

    pairs = [(k, k + 1) for k in range(1, 16, 2)]
    flipped = [0, *(k for pair in pairs for k in pair[::-1])]
    found = PoseDataSample(metainfo=dict(input_size=(192, 256), flip_indices=flipped, **meta))
    found.set_metainfo(dict(input_center=np.array(center), input_scale=np.array(size)))
    boxes = np.array([[*(np.subtract(center, np.divide(size, 2))), *(np.add(center, np.divide(size, 2)))]])
    found.gt_instances = InstanceData(bboxes=boxes, bbox_scores=np.ones(1))
    return found


def test_keypoints_are_decoded_as_the_reference_does(monkeypatch):
    """Maps of the picture and the mirrored one moved by a pixel, their mean; the peak, a quarter pixel to its higher
    neighbour, back into the image."""
    model = build(read_untrained(f"simple_baseline/{MAIN}").model, "mmpose").eval()
    generator = torch.Generator().manual_seed(0)
    plain, mirrored = torch.rand(2, 1, 17, 64, 48, generator=generator)
    answers = iter([plain, mirrored])
    monkeypatch.setattr(model.head, "forward", lambda _: next(answers))
    center, size = (300.0, 200.0), (150.0, 200.0)
    one = sample(center, size)
    (found,) = model.predict(torch.zeros(1, 3, 256, 192), [one])

    back = mirrored[0, one.flip_indices].flip(2).clone()
    back[:, :, 1:] = back[:, :, :-1].clone()
    maps = ((plain[0] + back) / 2).numpy()
    for joint in range(17):
        y, x = np.unravel_index(maps[joint].argmax(), (64, 48))
        moved = np.array([x, y], dtype=float)
        if 0 < x < 47 and 0 < y < 63:
            moved[0] += 0.25 * np.sign(maps[joint, y, x + 1] - maps[joint, y, x - 1])
            moved[1] += 0.25 * np.sign(maps[joint, y + 1, x] - maps[joint, y - 1, x])
        expected = (moved / (48, 64) - 0.5) * size + center
        assert found.pred_instances.keypoints[0, joint] == pytest.approx(expected, abs=1e-3)
        assert found.pred_instances.keypoint_scores[0, joint] == pytest.approx(maps[joint].max())


def rates(name):
    """Learning rate by epoch."""
    config = read_untrained(f"simple_baseline/{name}")
    assert config.optim_wrapper.optimizer.to_dict() == dict(type="Adam", lr=1e-3)
    assert config.train_dataloader.batch_size == 128 and config.train_cfg.max_epochs == 140
    optimizer = torch.optim.Adam([nn.Parameter(torch.zeros(1))], lr=1e-3)
    schedulers = [PARAM_SCHEDULERS.build(dict(part, optimizer=optimizer)) for part in config.param_scheduler]
    found = []
    for _ in range(140):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    return found


@pytest.mark.golden
def test_steps_of_the_yaml_and_of_the_reference_code():
    assert rates(MAIN) == pytest.approx([1e-3] * 90 + [1e-4] * 30 + [1e-5] * 20)
    assert rates(REFERENCE) == [1e-3] * 140


def flatten(node, path=""):
    if isinstance(node, (dict, list, tuple)):
        if not node:
            yield path, node
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from flatten(value, f"{path}.{key}" if path else str(key))
    else:
        yield path, node


def changes(first, second):
    """Settings that differ between two configs, as they are in the second."""
    ours, theirs = (dict(flatten(read_untrained(f"simple_baseline/{name}").to_dict())) for name in (first, second))
    different = {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}
    return {key: theirs.get(key) for key in different if key != "filename"}


def test_released_config_turns_on_the_oddities_and_nothing_else():
    different = changes(MAIN, REFERENCE)
    removed = {key for key in different if key.startswith("param_scheduler.")}
    assert {key: value for key, value in different.items() if key not in removed} == {
        "model.data_preprocessor.bgr_to_rgb": False,
        "param_scheduler": [],
        "train_cfg.val_interval": 1,
        "default_hooks.checkpoint.interval": 1,
        "default_hooks.checkpoint.save_best": "coco/AP",
        "default_hooks.checkpoint.rule": "greater",
    }


@pytest.mark.parametrize("other", OTHERS)
def test_backbones_are_compared_under_one_recipe(other):
    different = changes(MAIN, f"td-hm_{other}{END}")
    assert {key for key in different if not key.startswith("model.backbone.")} == {"model.head.in_channels"}


def test_simcc_differs_by_head_and_code_alone():
    different = changes(MAIN, f"rtmpose_relativenas{END}")
    target = ("train_dataloader.dataset.pipeline.5.encoder.", "train_pipeline.5.encoder.")
    assert different
    assert all(key.startswith(("model.head.", "model.test_cfg.", "codec.", *target)) for key in different)


def test_detections_change_the_boxes_of_the_test_alone(monkeypatch):
    monkeypatch.setenv("COCO_ROOT", "/data/coco")
    different = changes(MAIN, f"{MAIN}_detections")
    file = "/data/coco/person_detection_results/COCO_val2017_detections_AP_H_56_person.json"
    assert different == {"test_dataloader.dataset.bbox_file": file, "detections": file}


@pytest.mark.parametrize("name", [MAIN, f"rtmpose_relativenas{END}"])
def test_every_trained_parameter_gets_a_gradient_with_either_head(name):
    """On a tiny cell; so that distributed training waits for nothing."""
    config = read_untrained(f"simple_baseline/{name}")
    config.model.backbone.update(init_channels=4, num_cells=4)
    config.model.head.in_channels = 64
    if "deconv_out_channels" in config.model.head:
        config.model.head.deconv_out_channels = (8, 8, 8)
    model = build(config.model, "mmpose").train()
    batch = [one_target(config) for _ in range(2)]
    losses = model(torch.rand(2, 3, 256, 192), batch, mode="loss")
    total, _ = model.parse_losses(losses)
    total.backward()
    assert all(value.grad is not None for value in model.parameters() if value.requires_grad)
    with torch.no_grad():
        (found,) = model.eval()(torch.rand(1, 3, 256, 192), [sample((96, 128), (192, 256))], mode="predict")
    assert found.pred_instances.keypoints.shape == (1, 17, 2)


def one_target(config):
    """A sample after the last two steps of the training pipeline."""
    from mmpose.registry import TRANSFORMS

    rng = np.random.default_rng(0)
    person = dict(
        img=np.zeros((256, 192, 3), np.uint8),
        keypoints=(rng.random((1, 17, 2)) * (192, 256)).astype(np.float32),
        keypoints_visible=np.ones((1, 17), np.float32),
        dataset_keypoint_weights=np.ones(17, np.float32),
    )
    person["transformed_keypoints"] = person["keypoints"]
    with DefaultScope.overwrite_default_scope("mmpose"):
        for step in config.train_dataloader.dataset.pipeline[-2:]:
            person = TRANSFORMS.build(step)(person)
    return person["data_samples"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A config and the weights of an estimator trained by nobody."""
    folder = tmp_path_factory.mktemp("pose")
    config = read_untrained(f"simple_baseline/{SMALL}")
    config.dump(str(folder / "config.py"))
    torch.manual_seed(0)
    torch.save({"state_dict": build(config.model, "mmpose").state_dict(), "meta": {}}, folder / "weights.pth")
    return str(folder / "config.py"), str(folder / "weights.pth")


@pytest.mark.filterwarnings("ignore")
def test_mmposes_own_inference(checkpoint, tmp_path):
    """Through the doors that mmpose's users know, without chumpy: functions, inferencer, visualizer."""
    from mmpose.apis import MMPoseInferencer, inference_topdown, init_model
    from mmpose.registry import VISUALIZERS
    from mmpose.structures import merge_data_samples

    config, weights = checkpoint
    model = init_model(config, weights, device="cpu")
    assert model.dataset_meta["dataset_name"] == "coco" and model.dataset_meta["num_keypoints"] == 17
    boxes = np.array([[10, 10, 90, 150], [60, 20, 180, 180]], dtype=np.float32)
    found = inference_topdown(model, PICTURE, boxes)
    assert [one.pred_instances.keypoints.shape for one in found] == [(1, 17, 2)] * 2
    (whole,) = inference_topdown(model, PICTURE)

    inferencer = MMPoseInferencer(
        pose2d=config, pose2d_weights=weights, det_model="whole_image", device="cpu", show_progress=False
    )
    result = next(inferencer(PICTURE, return_vis=True, vis_out_dir=str(tmp_path / "drawn")))
    ((instance,),) = result["predictions"]
    np.testing.assert_allclose(instance["keypoints"], whole.pred_instances.keypoints[0], atol=1e-3)
    np.testing.assert_allclose(instance["keypoint_scores"], whole.pred_instances.keypoint_scores[0], atol=1e-6)
    assert len(list((tmp_path / "drawn").iterdir())) == 1

    with DefaultScope.overwrite_default_scope("mmpose"):
        visualizer = VISUALIZERS.build(dict(type="PoseLocalVisualizer", name="pose_test"))
    visualizer.set_dataset_meta(model.dataset_meta)
    image = np.full((200, 200, 3), 127, np.uint8)
    drawn = visualizer.add_datasample("two", image, merge_data_samples(found), draw_gt=False, kpt_thr=-1)
    assert drawn.shape == image.shape and (drawn != image).any()
    assert "chumpy" not in sys.modules
