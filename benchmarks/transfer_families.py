"""A cell as the backbone in one config per family of mm: `python benchmarks/transfer_families.py [--only NAME …]`.

Each is patched as by `relnas-mm transfer CELL --into CONFIG`, built with a small cell, trained for one step on noise,
in which every parameter of the cell must get a gradient, and run for one prediction.  No data and no weights are
fetched.  With `--only`, the rows of these families are replaced in the record that is there; each row has its commit.
"""

import argparse
import importlib
import multiprocessing
import os
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

import torch
from transfer_configs import FAMILIES

import relnas_mm  # noqa: F401  (registers)
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import read_json, write_json
from relnas_mm.outputs import output_file
from relnas_mm.provenance import provenance

OUT = Path(__file__).resolve().parents[1] / "docs" / "results" / "transfer_families.json"
CELL, INIT_CHANNELS, NUM_CELLS = "relativenas", 8, 3
MAX_SECONDS = 150
MISSING = {
    "skimage": "the package scikit-image, which it imports, is not installed",
    "fairscale": "the package fairscale and the text encoder BERT, which it reads, are not installed",
    "transformers": "the text encoder BERT, which it reads, is not installed",
    "upper bound and lower bound": "it trains, but mmdet cannot paste the masks of boxes outside of the image, which "
    "its untrained head predicts",
    "mmpretrain": "the package mmpretrain, whose classes it is derived from, is not installed",
}
"""What a family cannot run without here, by a word of the error."""


def run(config: str, package: str, queue: "multiprocessing.Queue[dict]") -> None:
    """Patches, trains and tests one config, and reports to the queue."""
    from mmengine.utils import get_installed_path

    from relnas_mm.transfer.cell import choose_cell
    from relnas_mm.transfer.into import transfer_into
    from relnas_mm.transfer.source import read_source
    from relnas_mm.transfer.trial import trial

    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    mim = Path(get_installed_path(package)) / ".mim"
    os.chdir(mim)  # some configs name those of their teachers from there
    step, result = "patch", {}
    try:
        name = str(mim / "configs" / config)
        source = read_source(name)
        result["backbone"] = _kind(source.model)
        transferred = transfer_into(source, choose_cell(CELL, INIT_CHANNELS, NUM_CELLS))
        step = "config"
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "new.py"
            file.write_text(transferred.text(file))
            written = read_source(str(file))
        if _plain(written.model) != _plain(transferred.model):
            raise UserError("the written config has another model than the patched one")
        step = "train"
        trial(written.model, written.config.to_dict(), source.scope)
        result["works"] = True
    except Exception as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        refused = isinstance(error, UserError) and step == "patch"
        known = next((reason for word, reason in MISSING.items() if word in text), None)
        reason = str(error).replace(f"{mim}/configs/", "") if refused else known or text[:300]
        result |= {"works": False, "step": "refused" if refused else step, "reason": reason}
        if "--traceback" in sys.argv:
            traceback.print_exc()
    queue.put(result)


def _kind(model: dict) -> str:
    while "backbone" not in model:
        nested = [value for value in model.values() if isinstance(value, dict) and "'backbone'" in repr(value)]
        if not nested:
            return "none"
        model = nested[0]
    return str(model["backbone"].get("type"))


def _plain(settings: object) -> object:
    """Settings with lists for tuples, and without mmengine's marks."""
    if isinstance(settings, dict):
        return {key: _plain(value) for key, value in settings.items() if key != "_scope_"}
    return [_plain(value) for value in settings] if isinstance(settings, (list, tuple)) else settings


def measured(package: str, family: str, config: str) -> dict:
    """The outcome of one family, from a process that is ended after `MAX_SECONDS`."""
    context = multiprocessing.get_context("fork")
    queue: multiprocessing.Queue[dict] = context.Queue()
    process = context.Process(target=run, args=(config, package, queue))
    start = time.perf_counter()
    process.start()
    process.join(MAX_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
        result = {"works": False, "step": "train", "reason": f"a step on this CPU takes longer than {MAX_SECONDS} s"}
    elif process.exitcode or queue.empty():
        result = {"works": False, "step": "train", "reason": f"the process ended with code {process.exitcode}"}
    else:
        result = queue.get()
    seconds = round(time.perf_counter() - start, 1)
    return {"package": package, "family": family, "config": config, **result, "seconds": seconds}


@reports_user_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="families, as PACKAGE or PACKAGE/FAMILY [all]")
    parser.add_argument("--out", default=str(OUT), metavar="FILE", help="where the record goes [docs/results]")
    parser.add_argument("--traceback", action="store_true", help="show where a family fails")
    args = parser.parse_args()
    out = output_file(args.out, "--out")
    chosen = [
        (package, family, config)
        for package, families in FAMILIES.items()
        for family, config in families.items()
        if not args.only or package in args.only or f"{package}/{family}" in args.only
    ]
    if not chosen:
        raise UserError(f"--only is {args.only}; families are those of {', '.join(FAMILIES)}, such as mmdet/atss")
    for package in FAMILIES:  # once for all processes
        importlib.import_module(f"{package}.models")

    start, rows = time.perf_counter(), []
    for number, (package, family, config) in enumerate(chosen, 1):
        row = measured(package, family, config)
        rows.append(row)
        left = (time.perf_counter() - start) / number * (len(chosen) - number)
        outcome = "works" if row["works"] else f"{row['step']}: {row['reason'][:230]}"
        print(f"{number}/{len(chosen)}, {left / 60:.1f} min left: {package}/{family} {outcome}", flush=True)
    origin = provenance("python benchmarks/transfer_families.py")
    for row in rows:
        row["commit"] = origin["commit"]
    if args.only and out.is_file():
        earlier = read_json(out, f"the record {str(out)!r}")
        new = {(row["package"], row["family"]): row for row in rows}
        rows = [new.get((row["package"], row["family"]), row) for row in earlier["families"]]
        origin = {key: earlier[key] for key in origin}
    record = {
        **origin,
        "seeds": [0],
        "cell": {"genotype": CELL, "init_channels": INIT_CHANNELS, "num_cells": NUM_CELLS},
        "families": rows,
    }
    write_json(out, record, f"the record {str(out)!r}")
    print(f"{sum(row['works'] for row in rows)} of {len(rows)} families work")


if __name__ == "__main__":
    main()
