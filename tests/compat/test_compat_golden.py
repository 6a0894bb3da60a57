"""The operators in use against the recorded answers of a compiled mmcv (make_golden.py)."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mmcv.ops")
import golden_cases

pytestmark = [pytest.mark.mm, pytest.mark.golden]

TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def golden():
    with np.load(Path(__file__).parent / "golden" / "compiled_mmcv.npz") as file:
        return dict(file)


def test_the_inputs_are_those_of_the_recording(golden):
    versions = json.loads(str(golden["versions"]))
    assert versions["mmcv"] == "2.1.0"
    assert versions["inputs"] == golden_cases.fingerprint()


@pytest.mark.parametrize("case", golden_cases.CASES, ids=lambda case: case.__name__)
def test_outputs_equal_those_of_a_compiled_mmcv(case, golden):
    results = case()
    recorded = {name.split("/")[1] for name in golden if name.startswith(f"{case.__name__}/")}
    assert recorded == set(results)
    for name, got in results.items():
        want = golden[f"{case.__name__}/{name}"]
        assert got.shape == want.shape, name
        if got.dtype.kind == "i":
            np.testing.assert_array_equal(got, want, err_msg=name)
        else:
            np.testing.assert_allclose(got, want, rtol=TOLERANCE, atol=TOLERANCE, err_msg=name)
