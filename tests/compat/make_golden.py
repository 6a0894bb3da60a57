"""Records what a compiled mmcv answers: `python tests/compat/make_golden.py` where one is installed."""

import json
import platform
from pathlib import Path

import numpy as np
import torch
import torchvision
from golden_cases import fingerprint, outputs

GOLDEN = Path(__file__).parent / "golden" / "compiled_mmcv.npz"


def main() -> None:
    """Writes the file, unless the operators in use are not compiled ones."""
    import mmcv
    import mmcv._ext

    if not str(mmcv._ext.__file__).endswith((".so", ".pyd")):
        raise SystemExit("error: the operators in use are not compiled, so there is nothing to record.")
    versions = {
        "mmcv": mmcv.__version__,
        "compiler": mmcv._ext.get_compiler_version(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "inputs": fingerprint(),
    }
    GOLDEN.parent.mkdir(exist_ok=True)
    np.savez_compressed(GOLDEN, versions=json.dumps(versions), **dict(outputs()))
    print(f"{GOLDEN}: {GOLDEN.stat().st_size} bytes, {versions}")


if __name__ == "__main__":
    main()
