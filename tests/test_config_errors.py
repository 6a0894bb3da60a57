"""Parts of a config that MMEngine cannot build are one sentence; what fails inside a part keeps its traceback."""

import pytest
from mmengine.registry import Registry, build_from_cfg

from relnas_mm.config_errors import refusal
from relnas_mm.errors import reports_user_errors

pytestmark = pytest.mark.unit
PARTS = Registry("made-up part")


class Base:
    def __init__(self, depth=1):
        if depth < 1:
            raise ValueError(f"depth is {depth}")


@PARTS.register_module()
class Part(Base):
    def __init__(self, width, child=None, **options):
        super().__init__(**options)
        self.child = child and build_from_cfg(child, PARTS)

    def run(self):
        raise ValueError("a fault")


@PARTS.register_module()
class Faulty:
    def __init__(self):
        self.prepare()

    def prepare(self):
        raise ValueError("a fault")


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            dict(type="Parts"),
            "the config names type 'Parts', which is no registered made-up part; did you mean Part? a class of your "
            "own has to be imported by custom_imports",
        ),
        (
            dict(type="Part", width=1, height=2),
            "Part does not take 'height', which the config sets; it takes child, depth, width",
        ),
        (dict(type="Part"), "Part needs 'width', which the config does not set"),
        (dict(type="Part", width=1, depth=0), "Part cannot be built from the config: depth is 0"),
        (
            dict(type="Part", width=1, child=dict(type="Faulty", size=3)),
            "Faulty does not take 'size', which the config sets; it takes no arguments",
        ),
    ],
)
def test_what_a_part_refuses_is_one_sentence(config, sentence, capsys):
    @reports_user_errors
    def main():
        build_from_cfg(config, PARTS)

    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2 and capsys.readouterr().err == f"error: {sentence}\n"


@pytest.mark.parametrize(
    "work",
    [
        lambda: build_from_cfg(dict(type="Faulty"), PARTS),
        lambda: build_from_cfg(dict(type="Part", width=1), PARTS).run(),
        lambda: dict()["SSD is not in the registry"],
    ],
)
def test_faults_of_programs_keep_their_traceback(work):
    with pytest.raises((ValueError, KeyError)) as raised:
        work()
    assert refusal(raised.value) is None
