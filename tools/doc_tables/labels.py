"""Current labels of rows in earlier records, which keep the names under which they were measured."""

LABELS = {
    "released arrangement": "reference implementation",
    "released arrangement, repeated": "reference implementation, repeated",
    "no waiting, scores without gradients": "+ no sync per step, evaluation under `no_grad`",
    "+ images on the device, augmented in batches": "+ images on the device, batched augmentation",
    "+ lean candidates (the plain config)": "+ only the candidate's operations (plain config)",
    "the plain config, on one thread": "plain config on one thread (noise floor)",
    "+ channels_last, not bit-exact": "+ channels_last, `backend='auto'`",
    "+ channels_last, both learners at once": "+ channels_last, 2 parallel candidates",
    "+ channels_last, not bit-exact, both at once": "+ channels_last, `backend='auto'`, 2 parallel candidates",
    "+ all of these, memory kept": "+ the previous row with `keep_memory` (removed since)",
    "+ CUDA graph": "+ CUDA graphs",
    "+ CUDA graph, both learners at once": "+ CUDA graphs, 2 parallel candidates",
    "+ CUDA graph, channels_last, bfloat16": "+ CUDA graphs, channels_last, bfloat16",
    "+ CUDA graph, Triton kernels": "+ CUDA graphs, `backend='triton'`",
    "+ CUDA graph, Triton kernels, both at once": "+ CUDA graphs, `backend='triton'`, 2 parallel candidates",
    "+ CUDA graph, Triton kernels, both at once, bfloat16": (
        "+ CUDA graphs, `backend='triton'`, 2 parallel candidates, bfloat16"
    ),
    "this config": "`relativenas_cifar10_cuda_amp.py`",
    "steps recorded ahead, lanes in turn": "prefetched CUDA graphs, streams filled alternately",
    "depthwise convolutions as products, one kernel for sums": "depthwise convolutions as matrix products, fused sums",
    "statistics with the normalization, short queues": "statistics fused into the normalization, short queues",
    "RelativeNAS cell, released arrangement": "RelativeNAS cell, reference implementation",
    "RelativeNAS cell, as it is here, channels_last": "RelativeNAS cell, `backend='auto'`, channels_last",
    "RelativeNAS cell, the same with_cp=True": "RelativeNAS cell, the same with `with_cp=True`",
    "RelativeNAS cell, folded": "RelativeNAS cell, conv-BN fused",
    "RelativeNAS cell, folded, onnxruntime": "RelativeNAS cell, conv-BN fused, onnxruntime",
    "released": "reference rule",
    "direction: towards the slow one": "direction: towards the slow learner",
    "direction: coin": "direction: random",
    "direction: towards the best": "direction: towards the best learner",
    "r2 = 1 (all the way)": "r2 = 1 (full step)",
    "r2 up to 2 (beyond)": "r2 up to 2 (overshoot)",
    "as released": "reference procedure",
}


def label(name: str) -> str:
    """Label of a row in the documentation."""
    return LABELS.get(name, name)
