"""Loading weights into a network with a report of what was loaded and what was not."""

from typing import Any

from mmengine.logging import print_log
from mmengine.runner.checkpoint import CheckpointLoader
from torch import Tensor, nn

from relnas_mm.errors import UserError

PREFIXES = ("module.", "backbone.")
HEADS = ("classifier.", "auxiliary_head.")


def load_pretrained(network: nn.Module, source: str, prefix: str | None = None) -> dict[str, list[str]]:
    """Loads a checkpoint of any mm package or of the original release into a network without a head.

    `module.` and `backbone.` are taken off the keys, classifiers are left out.

    Args:
        network: Where the weights go.
        source: Path or URL of a `.pth` file (read with `weights_only`), or path of a `.safetensors` file.
        prefix: Only keys that begin with it are read; it is taken off.

    Returns:
        The keys, as 'loaded', 'missing' (in the network only), 'unexpected' (in the file only) and 'dropped' (heads).

    Raises:
        UserError: The file cannot be read, no key fits, or a key has another shape.
    """
    weights = {_bare(key, prefix): value for key, value in _read(source).items() if key.startswith(prefix or "")}
    dropped = sorted(key for key in weights if key.startswith(HEADS))
    weights = {key: value for key, value in weights.items() if not key.startswith(HEADS)}
    own = network.state_dict()
    loaded = sorted(own.keys() & weights.keys())
    if not loaded:
        raise UserError(f"the checkpoint {source!r} holds none of the {len(own)} keys of {type(network).__name__}")
    for key in loaded:
        if own[key].shape != weights[key].shape:
            raise UserError(
                f"{key} has shape {tuple(weights[key].shape)} in the checkpoint {source!r} but {tuple(own[key].shape)} "
                "in the network; genotype, init_channels or num_cells differ"
            )
    network.load_state_dict({key: weights[key] for key in loaded}, strict=False)
    report = {
        "loaded": loaded,
        "missing": sorted(own.keys() - weights.keys()),
        "unexpected": sorted(weights.keys() - own.keys()),
        "dropped": dropped,
    }
    print_log(_table(report, source, len(own)), logger="current")
    return report


def _read(source: str) -> dict[str, Tensor]:
    try:
        if str(source).endswith(".safetensors"):
            from safetensors.torch import load_file

            return load_file(source)
        checkpoint: Any = CheckpointLoader.load_checkpoint(str(source), map_location="cpu")
    except FileNotFoundError:
        raise UserError(f"the checkpoint {source!r} does not exist") from None
    except Exception as error:  # torch, pickle, zipfile and safetensors raise unrelated types for a broken file
        raise UserError(f"the checkpoint {source!r} cannot be read: {str(error).splitlines()[0]}") from error
    return checkpoint.get("state_dict", checkpoint)


def _bare(key: str, prefix: str | None) -> str:
    key = key[len(prefix or "") :].lstrip(".") if prefix else key
    for word in PREFIXES:
        key = key.removeprefix(word)
    return key


def _table(report: dict[str, list[str]], source: str, total: int) -> str:
    lines = [f"weights from {source}:"]
    for name, keys in report.items():
        of = f" of {total}" if name == "loaded" else ""
        shown = "" if name == "loaded" or not keys else "  " + ", ".join(keys[:6]) + (", …" if len(keys) > 6 else "")
        lines.append(f"  {name:<10} {len(keys)}{of}{shown}")
    return "\n".join(lines)
