"""How steps are carried out: recorded steps do what plain ones do, and bfloat16 keeps the order of candidates."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from relnas_mm.errors import UserError
from relnas_mm.evaluators.execution import ExecutionConfig, StreamedEpoch
from relnas_mm.evaluators.execution.cuda_graphs import RecordedStep
from relnas_mm.evaluators.training import evaluate, evaluation_step, train_one_epoch, training_step

pytestmark = pytest.mark.unit


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 4))


def batches(count=7, size=6, last=3):
    generator = torch.Generator().manual_seed(1)
    sizes = [size] * count + [last]
    return [(torch.randn(n, 3, 8, 8, generator=generator), torch.randint(4, (n,), generator=generator)) for n in sizes]


def run(execution, device="cpu"):
    """Weights after an epoch, its mean loss and accuracy, and the scores."""
    model, place = network().to(device), torch.device(device)
    given = [(images.to(device), labels.to(device)) for images, labels in batches()]
    optimizer = torch.optim.SGD(model.parameters(), 0.1, 0.9)
    (stream,) = execution.streams(place)
    precision = partial(execution.precision, place)
    learned = StreamedEpoch(model, training_step(model, optimizer, 5.0, precision), True, stream).run(given)
    return (
        model.state_dict(),
        learned,
        StreamedEpoch(model, evaluation_step(model, precision), False, stream).run(given),
    )


def test_a_streamed_epoch_is_the_plain_loop():
    state, learned, scores = run(ExecutionConfig())
    model = network()
    assert train_one_epoch(model, torch.optim.SGD(model.parameters(), 0.1, 0.9), batches(), 5.0) == learned
    assert evaluate(model, batches()) == scores
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


class Recorder:
    """Records functions as a device would: what is called later is the same one."""

    def __init__(self):
        self.recorded = self.replays = 0

    def __call__(self, function):
        self.recorded += 1

        def replay():
            self.replays += 1
            return function()

        return replay


def summing(calls):
    def step(images, labels):
        calls.append(images.data_ptr())
        return images.sum() + labels.sum()

    return step


def test_a_step_is_recorded_when_a_size_comes_again_and_sees_each_batch():
    calls, record, given = [], Recorder(), batches()
    recorded = RecordedStep(summing(calls), record)
    results = [recorded(*batch) for batch in given]
    assert torch.equal(torch.stack(results), torch.stack([images.sum() + labels.sum() for images, labels in given]))
    assert (record.recorded, record.replays) == (1, 6)
    assert len(set(calls[1:-1])) == 1  # always from the same memory
    assert (calls[0], calls[-1]) == (given[0][0].data_ptr(), given[-1][0].data_ptr())  # as they are


def test_expected_sizes_are_recorded_beforehand():
    calls, record, given = [], Recorder(), batches()
    recorded = RecordedStep(summing(calls), record)
    for images, labels in (given[0], given[-1]):
        recorded.expect(torch.zeros_like(images), torch.zeros_like(labels))
    assert (record.recorded, calls) == (2, [])
    results = [recorded(*batch) for batch in given]
    assert torch.equal(torch.stack(results), torch.stack([images.sum() + labels.sum() for images, labels in given]))
    assert (record.recorded, record.replays, len(set(calls))) == (2, 8, 2)


def test_bfloat16_is_used_and_close():
    plain, mixed = run(ExecutionConfig()), run(ExecutionConfig(autocast="bfloat16"))
    assert mixed[1] != plain[1] and mixed[1][0] == pytest.approx(plain[1][0], rel=0.05)
    assert all(value.dtype == plain[0][name].dtype for name, value in mixed[0].items())  # weights stay float32


def test_scores_are_those_of_the_definition():
    model, given = network().eval(), batches()
    images, labels = (torch.cat(part) for part in zip(*given))
    loss, accuracy = evaluate(model, given)
    with torch.no_grad():
        logits = model(images)
    assert loss == pytest.approx(F.cross_entropy(logits, labels).item(), rel=1e-6)
    assert accuracy == pytest.approx(100 * (logits.argmax(1) == labels).float().mean().item())


def test_another_type_is_one_sentence():
    with pytest.raises(UserError, match="autocast is 'float16'; allowed are 'bfloat16' and None"):
        ExecutionConfig(autocast="float16")


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_cuda_graph_gives_the_results_of_plain_steps():
    plain, graph = run(ExecutionConfig(), "cuda"), run(ExecutionConfig(cuda_graphs=True), "cuda")
    assert graph[1] == pytest.approx(plain[1], rel=1e-5) and graph[2] == pytest.approx(plain[2], rel=1e-5)
    assert all(torch.allclose(plain[0][name], graph[0][name], rtol=1e-4, atol=1e-6) for name in plain[0])
