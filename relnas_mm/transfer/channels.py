"""The table of a backbone's outputs."""

from relnas_mm.transfer.cell import CellChoice


def channels_table(choice: CellChoice, output_stride: int = 32) -> str:
    """Lists `out_indices`, channels and strides, and the channels of all outputs together.

    Args:
        choice: The architecture.
        output_stride: Largest stride.

    Raises:
        UserError: A size is out of range.
    """
    features = choice.features(output_stride)
    rows = [(repr(index), str(info.channels), str(info.stride)) for index, info in features.items()]
    rows.append(("sum", str(sum(info.channels for info in features.values())), ""))
    header = ("out_indices", "channels", "stride")
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    lines = [header, tuple("-" * width for width in widths), *rows]
    return "".join(_line(cells, widths) + "\n" for cells in lines)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    """The first column is flush left, the others flush right."""
    first, *others = (cell.rjust(width) for cell, width in zip(cells, widths))
    return "  ".join((cells[0].ljust(len(first)), *others)).rstrip()
