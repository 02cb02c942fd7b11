"""The calculation of a head in models whose matrices are not shown: from the captured query, keys and values on, in every architecture."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

pytest.importorskip("transformers", reason='needs pip install "headlight[models]"')

import torch
from support.foreign import ARCHITECTURES, same_weights, tiny
from support.tiny import ATTENTION_KINDS, SENTENCES

from model.analysis.steps import Calculation, calculate
from model.trace.intervention import Intervention

OF_WEIGHTS = ("token", "position", "start", "normed", "contribution", "others", "bias")
SUMS = ("pre", "sandwich")
PLACES = [(0, 0, 0), (1, 3, 4), (1, 2, 3)]  # layer, head, query
WRONG = {  # a part of the capture, and the first step that cannot agree with it
    "queries": "scores", "keys": "scores", "scores": "scores", "bias": "weights", "weights": "weights", "values": "output",
    "outputs": "output", "states": "after", "written": "after",
}  # fmt: skip


def agrees(calculation: Calculation) -> bool:
    """Whether every step that is compared is what was captured, but for rounding."""
    sizes = {name: max(1.0, float(getattr(calculation, name).abs().max())) for name in calculation.differences}
    return all(difference <= 1e-4 * sizes[name] for name, difference in calculation.differences.items())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_agrees_with_its_capture(architecture):
    """As it is and changed; what was taken from the capture is not called compared, and a bias is there where the pass had one."""
    model = tiny(architecture)
    off = frozenset((kind, layer, head) for kind in model.anatomy.kind_names for layer, head, _ in PLACES[:2])
    unscaled = Intervention(scaled="scaled" not in model.anatomy.obeys)
    for change in (Intervention(), Intervention(temperature=2.0, window=2, heads_off=off), unscaled):
        trace = model.trace(change)
        for kind in trace.attention:
            for place in PLACES:
                calculation = calculate(trace, None, kind, *place)
                assert agrees(calculation), (kind, place, calculation.differences)
                sums = {"after"} if trace.anatomy.norm in SUMS else set()
                assert calculation.differences.keys() == {"scores", "weights", "output"} | sums
                assert all(getattr(calculation, name) is None for name in OF_WEIGHTS)
                assert (calculation.score_bias is None) == (trace.attention[kind].bias is None)
                assert calculation.output.any() != ((kind, *place[:2]) in change.heads_off)
                if not trace.anatomy.writes(kind):  # it has a stream of its own, which is not seen
                    assert calculation.state is calculation.written is calculation.after is None
                    continue
                stream, point = trace.residual[trace.anatomy.kind(kind).asks], trace.anatomy.point_before(kind, place[0])
                assert torch.equal(calculation.state.float(), stream.states[point, place[2]])
                assert torch.equal(calculation.written.float(), stream.written[point, place[2]])
                torch.testing.assert_close(calculation.after.float(), stream.states[point + 1, place[2]], atol=1e-4, rtol=1e-4)


def test_a_bias_counts():
    """T5's self-attention has one and its cross-attention none; without it the weights would not be those of the pass."""
    trace = tiny("T5").trace()
    assert [calculate(trace, None, kind, 1, 2, 3).score_bias is None for kind in ATTENTION_KINDS] == [False, False, True]
    calculation = calculate(trace, None, "encoder", 1, 2, 3)
    torch.testing.assert_close(calculation.biased, calculation.scores + calculation.score_bias)
    got = trace.attention["encoder"]
    without = replace(trace, attention={**trace.attention, "encoder": replace(got, bias=None)})
    assert calculate(without, None, "encoder", 1, 2, 3).differences["weights"] > 1e-2


@pytest.mark.parametrize(
    ("architecture", "part"),
    [(name, part) for name in ("T5", "Llama", "Gemma3") for part in WRONG if name == "T5" or part != "bias"],
)
def test_a_wrong_capture_is_named(architecture, part):
    """By the first step that follows from it. Llama's heads share keys and values."""
    trace = tiny(architecture).trace()
    kind = trace.anatomy.kind_names[0]
    got, stack = trace.attention[kind], trace.anatomy.kind(kind).asks
    if part in ("states", "written"):
        stream, at = trace.residual[stack], trace.anatomy.point_before(kind, 1) + (part == "states")
        wrong = getattr(stream, part).clone()
        wrong[at] += 1
        trace = replace(trace, residual={**trace.residual, stack: replace(stream, **{part: wrong})})
    else:
        wrong = getattr(got, part) * torch.linspace(1.5, 2, getattr(got, part).size(-1))
        trace = replace(trace, attention={kind: replace(got, **{part: wrong})})
    differences = calculate(trace, None, kind, 1, 3, 4).differences
    assert next(name for name, difference in differences.items() if difference > 1e-2) == WRONG[part], differences


@pytest.mark.parametrize("kind", ATTENTION_KINDS)
def test_the_same_weights_give_the_same_numbers(tiny_translator, tmp_path, kind):
    """Our own translator asked through transformers, without its matrices, beside the calculation with them."""
    ours = tiny_translator.trace(SENTENCES[0], SENTENCES[1])
    theirs = same_weights(tiny_translator, tmp_path).trace(SENTENCES[0], ours.labels)
    for place in PLACES:
        whole, part = calculate(ours, tiny_translator.weights, kind, *place), calculate(theirs, None, kind, *place)
        shared = {field.name for field in fields(part)} - {"differences", *OF_WEIGHTS, "score_bias", "biased"}
        assert shared >= {"state", "query", "keys", "values", "dots", "weights", "weighted", "output", "written", "after"}
        for name in shared:
            torch.testing.assert_close(getattr(part, name), getattr(whole, name), atol=1e-4, rtol=1e-4, msg=name)
        assert agrees(part)


def test_without_a_stream_the_calculation_ends_with_the_output():
    """And one with matrices, which read the stream, is refused in words."""
    trace = replace(tiny("GPT-2").trace(), residual={})
    calculation = calculate(trace, None, "decoder", 1, 2, 3)
    assert [calculation.state, calculation.written, calculation.after] == [None, None, None] and agrees(calculation)
    with pytest.raises(ValueError, match="shows no residual stream"):
        calculate(trace, object(), "decoder", 1, 2, 3)  # type: ignore[arg-type]  # nothing of it is asked before
