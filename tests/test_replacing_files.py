"""A file is replaced as a whole or not at all."""

import pytest

from relnas_mm.errors import UserError
from relnas_mm.files import replacing, write_atomically

pytestmark = pytest.mark.unit


def test_a_failure_leaves_the_old_file(tmp_path):
    out = tmp_path / "a.onnx"
    with replacing(out, ".onnx") as scratch:
        assert scratch.suffix == ".onnx" and scratch.parent == tmp_path
        scratch.write_bytes(b"good")
        assert not out.exists()
    with pytest.raises(UserError), replacing(out) as scratch:
        scratch.write_bytes(b"bad")
        raise UserError("not the network")
    assert out.read_bytes() == b"good" and list(tmp_path.iterdir()) == [out]


def test_others_may_read_what_is_written(tmp_path):
    write_atomically(tmp_path / "a.txt", "ä\n")
    assert (tmp_path / "a.txt").read_bytes() == "ä\n".encode()
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o644
