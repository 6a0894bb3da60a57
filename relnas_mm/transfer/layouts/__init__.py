"""What a folder of data holds, as far as a config must say it."""

from relnas_mm.transfer.layouts.found import Data, Split
from relnas_mm.transfer.layouts.read import FORMATS, read_data

__all__ = ["FORMATS", "Data", "Split", "read_data"]
