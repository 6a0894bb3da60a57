"""The stand-in, applied before any mm import, and the devices that its operators are tested on."""

import pytest

from relnas_mm import compat

compat.apply()


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.cuda)])
def device(request: pytest.FixtureRequest) -> str:
    """Each device once, for the tests of the stand-in's operators; CUDA only where there is one."""
    torch = pytest.importorskip("torch")
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    if compat.ops_backend().startswith("compiled"):
        pytest.skip("a compiled mmcv is in use, not the stand-in")
    return request.param
