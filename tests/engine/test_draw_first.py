"""Only the first test images are drawn, by the hooks of any mm package."""

import pytest
from helpers import called
from mmdet.engine.hooks import DetVisualizationHook
from mmengine.hooks import Hook
from mmpose.engine.hooks import PoseVisualizationHook
from mmseg.engine.hooks import SegVisualizationHook

from relnas_mm.cli import test as command
from relnas_mm.engine.hooks import DrawFirstHook
from relnas_mm.errors import UserError

pytestmark = pytest.mark.mm


class Runner:
    def __init__(self, *hooks):
        self.hooks = hooks


@pytest.mark.parametrize("kind", [DetVisualizationHook, SegVisualizationHook, PoseVisualizationHook])
@pytest.mark.parametrize("count, drawn", [(0, []), (3, [0, 1, 2]), (99, [0, 1, 2, 3, 4])])
def test_the_first_images_of_several_batches(kind, count, drawn):
    seen = []

    class Drawing(kind):
        def __init__(self):
            pass

        def after_test_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            seen.extend(outputs)

    Drawing.__name__ = kind.__name__
    hook, other = Drawing(), Hook()
    runner = Runner(hook, other)
    DrawFirstHook(count).before_test(runner)
    for index, batch in enumerate(([0, 1], [2, 3], [4])):
        for one in runner.hooks:
            one.after_test_iter(runner, index, data_batch=None, outputs=batch)
    assert seen == drawn


def test_counts_that_are_refused(capsys, tmp_path):
    with pytest.raises(UserError, match="is -1; it must not be negative"):
        DrawFirstHook(-1)
    (tmp_path / "a.pth").touch()
    for words in (["--show-images", "2"], ["--show-images", "-2", "--show-dir", str(tmp_path)]):
        assert called(command.main, "config.py", str(tmp_path / "a.pth"), *words) == 2
        assert "it must not be negative, and needs --show-dir" in capsys.readouterr().err
