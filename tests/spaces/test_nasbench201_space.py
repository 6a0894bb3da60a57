import numpy as np
import pytest

from relnas_mm.errors import UserError
from relnas_mm.spaces import NASBench201Space

pytestmark = pytest.mark.unit
SPACE = NASBench201Space()


def test_a_vector_is_a_string_of_the_benchmark():
    assert SPACE.decode(np.array([0, 1.5, 2.5, 3.5, 5.0, 1.0])) == (
        "|none~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|avg_pool_3x3~1|none~2|"
    )


def test_every_cell_is_reached():
    grid = np.stack(np.meshgrid(*[np.arange(5) + 0.5] * 6, indexing="ij"), axis=-1).reshape(-1, 6)
    assert len({SPACE.decode(vector) for vector in grid}) == 15625


def test_outside_the_box():
    with pytest.raises(UserError, match="0 to 5"):
        SPACE.decode(np.full(6, 5.5))
