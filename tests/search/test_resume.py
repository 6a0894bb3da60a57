"""A search that is killed at any instant ends as if it had not been, bit for bit."""

import os
import shutil
import signal
import time

import numpy as np
import pytest
from helpers import in_child, write_cifar10
from helpers.searches import evaluator_config, make_search, outcome

from relnas_mm.errors import UserError
from relnas_mm.search.checkpoint_store import CheckpointStore

pytestmark = pytest.mark.kill
POINTS = (
    "begun",
    "written tensors.safetensors",
    "written arrays.npz",
    "written values.json",
    "written manifest",
    "renamed",
    "removed old step",
    "done",
)


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory):
    return evaluator_config(write_cifar10(tmp_path_factory.mktemp("cifar"), 4))


@pytest.fixture(scope="module")
def uninterrupted(evaluator, tmp_path_factory):
    """Outcome, folder and seconds of a search that nobody disturbed."""
    make_search(tmp_path_factory.mktemp("warm"), evaluator).run()  # so that children need not import anything
    folder = tmp_path_factory.mktemp("whole")
    start = time.monotonic()
    assert in_child(lambda: make_search(folder, evaluator).run()) == 0
    return outcome(folder), folder, time.monotonic() - start


def finish(folder, evaluator):
    assert in_child(lambda: make_search(folder, evaluator, resume=True).run()) == 0
    return outcome(folder)


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_point_of_a_checkpoint_write(point, evaluator, uninterrupted, tmp_path):
    saves = 3

    def work():
        search = make_search(tmp_path, evaluator)
        seen = []

        def passing(name):
            seen.append(name)
            if name == point and (seen.count("begun") == saves):
                os.kill(os.getpid(), signal.SIGKILL)

        search.store.checkpoints.passing = passing
        search.run()

    assert in_child(work) == -signal.SIGKILL
    assert not (tmp_path / "genotype.json").exists()
    assert finish(tmp_path, evaluator) == uninterrupted[0]
    assert not list((tmp_path / "run_store").glob(".scratch-*"))


def test_killed_while_a_damaged_step_is_replaced(evaluator, uninterrupted, tmp_path):
    def killed_at(point, saves, **options):
        def work():
            search = make_search(tmp_path, evaluator, **options)
            seen = []

            def passing(name):
                seen.append(name)
                if name == point and seen.count("begun") == saves:
                    os.kill(os.getpid(), signal.SIGKILL)

            search.store.checkpoints.passing = passing
            search.run()

        return in_child(work)

    assert killed_at("done", 3) == -signal.SIGKILL
    newest = CheckpointStore(tmp_path / "run_store").steps()[-1]
    (newest / "tensors.safetensors").write_bytes(b"cut")
    assert killed_at("moved old step", 1, resume=True) == -signal.SIGKILL
    assert newest not in CheckpointStore(tmp_path / "run_store").steps()
    assert finish(tmp_path, evaluator) == uninterrupted[0]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_killed_at_random_instants_again_and_again(seed, evaluator, uninterrupted, tmp_path):
    expected, _, seconds = uninterrupted
    for share in np.random.default_rng(seed).uniform(0.1, 0.7, 2):
        in_child(lambda: make_search(tmp_path, evaluator, resume=True).run(), seconds=share * seconds)
    assert finish(tmp_path, evaluator) == expected


def test_resuming_what_is_complete_changes_nothing(evaluator, uninterrupted):
    expected, folder, _ = uninterrupted
    assert finish(folder, evaluator) == expected


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_request_to_end_saves_what_is_complete(number, usual_signals, evaluator, uninterrupted, tmp_path):
    def work():
        search = make_search(tmp_path, evaluator, save_every=1e9)
        evaluate = search.evaluator.evaluate
        calls = []

        def interrupted(*groups):
            calls.append(groups)
            evaluations = evaluate(*groups)
            if len(calls) == 3:  # after the weights were written back, before the losses are told
                os.kill(os.getpid(), number)
                time.sleep(5)
            return evaluations

        search.evaluator.evaluate = interrupted
        search.run()

    assert in_child(work) == 128 + number
    assert [path.name for path in (tmp_path / "run_store").iterdir()] == ["step-00000002"]
    assert finish(tmp_path, evaluator) == uninterrupted[0]


@pytest.fixture(scope="module")
def killed_late(evaluator, uninterrupted, tmp_path_factory):
    """A search that died after its third checkpoint."""
    folder = tmp_path_factory.mktemp("killed")

    def work():
        search = make_search(folder, evaluator)
        saves = []

        def passing(name):
            saves.append(name)
            if saves.count("done") == 3:
                os.kill(os.getpid(), signal.SIGKILL)

        search.store.checkpoints.passing = passing
        search.run()

    assert in_child(work) == -signal.SIGKILL
    return folder


def truncate(step):
    path = step / "tensors.safetensors"
    path.write_bytes(path.read_bytes()[:-1])


def change_a_bit(step):
    path = step / "tensors.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


DAMAGES = {
    "truncated": truncate,
    "changed": change_a_bit,
    "no manifest": lambda step: (step / "manifest.json").unlink(),
    "no file": lambda step: (step / "arrays.npz").unlink(),
    "empty": lambda step: (step / "manifest.json").write_bytes(b""),
    "foreign": lambda step: (step / "manifest.json").write_bytes(b'{"schema_version": 99, "files": {}}'),
    "not a list": lambda step: (step / "manifest.json").write_bytes(b"[]"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_newest_checkpoint_is_skipped_with_a_message(damage, evaluator, uninterrupted, killed_late, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(killed_late, folder)
    steps = sorted((folder / "run_store").glob("step-*"))
    assert [path.name for path in steps] == ["step-00000002", "step-00000003"]
    DAMAGES[damage](steps[-1])
    done, skipped = make_search(folder, evaluator, resume=True)._checkpointer.resume()
    assert done == 2 and len(skipped) == 1 and "step-00000003 is not usable" in skipped[0]
    if damage == "truncated":
        assert finish(folder, evaluator) == uninterrupted[0]


def test_when_no_checkpoint_is_usable_nothing_is_started_over(evaluator, killed_late, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(killed_late, folder)
    for path in (folder / "run_store").glob("step-*"):
        (path / "manifest.json").write_text("{}")
    with pytest.raises(UserError, match="no checkpoint in .* is usable"):
        make_search(folder, evaluator, resume=True).run()
