"""Times ONNX graphs: `python time_graphs.py [FOLDER] [--runtime onnxruntime|openvino] [--threads N]`.

This file needs Python, numpy and onnxruntime or openvino, and nothing else: `relnas-mm latency CONFIG --export FOLDER`
copies it beside the graphs, to be run on the device on which networks are deployed.  It writes FOLDER/timings.json,
which is carried back.
"""

import argparse
import json
import os
import platform
import random
import sys
import time
from pathlib import Path

import numpy as np

RUNTIMES = ("onnxruntime", "openvino")
TIMINGS = "timings.json"
GRAPHS = "graphs"
ROUNDS, WARMUP, REPEATS = 4, 3, 20


def time_graphs(folder, runtime="onnxruntime", threads=1, rounds=ROUNDS, notify=lambda done, total: None):
    """Times the graphs of a folder: in several rounds of random order, the best round's first quartile of each.

    Args:
        folder: Folder with `graphs/*.onnx`, of fixed shapes.
        runtime: 'onnxruntime' or 'openvino'.
        threads: Number of threads.
        rounds: Number of rounds.
        notify: Receives the number of timed graphs, counted over all rounds, and their total.

    Returns:
        A dict with runtime, its version, threads, the device in words, and the milliseconds of each graph.
    """
    names = sorted(path.name for path in Path(folder, GRAPHS).glob("*.onnx"))
    if not names:
        raise FileNotFoundError(f"{str(Path(folder, GRAPHS))!r} has no ONNX graphs")
    load, version = {"onnxruntime": _onnxruntime, "openvino": _openvino}[runtime](threads)
    calls = {name: load(str(Path(folder, GRAPHS, name))) for name in names}
    best = dict.fromkeys(names, float("inf"))
    order, done = list(names), 0
    shuffle = random.Random(0).shuffle
    for _ in range(rounds):
        shuffle(order)
        for name in order:
            best[name] = min(best[name], _quartile(calls[name]))
            done += 1
            notify(done, rounds * len(names))
    return {
        "runtime": runtime,
        "version": version,
        "threads": threads,
        "device": device_in_words(),
        "ms": best,
    }


def device_in_words():
    """Name of the processor and number of usable cores."""
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {platform.machine()}, {cores} cores"


def _quartile(call):
    times = []
    for _ in range(WARMUP + REPEATS):
        start = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - start))
    return sorted(times[WARMUP:])[REPEATS // 4]


def _example(shape):
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def _onnxruntime(threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3

    def load(path):
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        feed = {each.name: _example(each.shape) for each in session.get_inputs()}
        return lambda: session.run(None, feed)

    return load, onnxruntime.__version__


def _openvino(threads):
    import openvino

    core = openvino.Core()

    def load(path):
        settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        request = core.compile_model(path, "CPU", settings).create_infer_request()
        for port in request.model_inputs:
            request.set_tensor(port, openvino.Tensor(_example(list(port.shape))))
        return request.infer

    return load, openvino.__version__


def main():
    """Runs the command."""
    parser = argparse.ArgumentParser(description="Times the ONNX graphs of a folder; writes timings.json into it.")
    parser.add_argument("folder", nargs="?", default=str(Path(__file__).resolve().parent), help="[that of this file]")
    parser.add_argument("--runtime", choices=RUNTIMES, default="onnxruntime", help="[onnxruntime]")
    parser.add_argument("--threads", type=int, default=1, help="number of threads [1]")
    args = parser.parse_args()
    if args.threads < 1:
        sys.exit(f"error: --threads is {args.threads}; it must be at least 1")

    def notify(done, total):
        if done % 50 == 0 or done == total:
            print(f"{done} of {total}", flush=True)

    try:
        timings = time_graphs(args.folder, args.runtime, args.threads, notify=notify)
    except ImportError:
        sys.exit(f"error: {args.runtime} is not installed: run `pip install {args.runtime}`")
    except OSError as error:
        sys.exit(f"error: {error}")
    plan = json.loads(Path(args.folder, "plan.json").read_text(encoding="utf-8"))
    out = Path(args.folder, TIMINGS)
    out.write_text(json.dumps({**timings, "plan": plan["hash"]}, indent=1) + "\n", encoding="utf-8")
    print(f"written to {out}; carry it back, and run `relnas-mm latency CONFIG --timings {TIMINGS} --out table.json`")


if __name__ == "__main__":
    main()
