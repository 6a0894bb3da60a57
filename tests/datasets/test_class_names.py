"""Names of classes that MMEngine would take apart, mix up or read from a file."""

import pytest
from mmengine.dataset import BaseDataset

from relnas_mm.datasets.class_names import ChecksClassNames, check_class_names
from relnas_mm.errors import UserError

pytestmark = pytest.mark.unit
BAD = [
    ("disc", r"^classes of metainfo is the text 'disc'; write \('disc',\) for one class$"),
    (7, "^classes of metainfo is 7; it must be a list of names$"),
    ((), "^classes of metainfo is empty; it must name at least one class$"),
    (("disc", 3), "^class 2 of metainfo is 3; it must be a non-empty text$"),
    (("disc", " "), "^class 2 of metainfo is ' '"),
    (("disc", "box", "disc"), "^classes of metainfo names 'disc' 2 times; once is allowed$"),
]


@pytest.mark.parametrize(("classes", "sentence"), BAD)
def test_bad_names(classes, sentence):
    with pytest.raises(UserError, match=sentence):
        check_class_names(classes, "metainfo")


class Checked(ChecksClassNames, BaseDataset):
    def load_data_list(self):
        return []


@pytest.mark.parametrize(("classes", "sentence"), BAD)
def test_data_sets_refuse_them(classes, sentence):
    with pytest.raises(UserError, match="metainfo of Checked"):
        Checked(metainfo={"classes": classes}, lazy_init=True)


def test_a_file_of_names_is_read(tmp_path):
    path = tmp_path / "classes.txt"
    path.write_text("disc\nbox\n")
    assert list(Checked(metainfo={"classes": str(path)}, lazy_init=True).metainfo["classes"]) == ["disc", "box"]
    path.write_text("disc\ndisc\n")
    with pytest.raises(UserError, match="names 'disc' 2 times"):
        Checked(metainfo={"classes": str(path)}, lazy_init=True)
