"""Every key of the lessons on fifty sentences, counted in another way: number by number, or by a pass of its own."""

from __future__ import annotations

import math
import re

import pytest
import torch
from support.lessons import SENTENCES, material

from model.analysis.words import join_pieces, word_groups
from model.trace.intervention import Intervention
from viz.lessons import LESSONS, notes, pronoun
from viz.lessons.words import alignment_head, label
from viz.page.lesson import SIGNS, Click, Material, Measures, Pick, Question, Slider, Step
from viz.theme import token_label

FEW = 6  # sentences for which a key is counted by passes of its own


def named(question: Question, tokens) -> list[int]:
    """Where the tokens stand that the options name."""
    labels = [label(tokens, at) for at in range(len(tokens))]
    return [labels.index(option) for option in question.options]


def best(values: list[float]) -> int:
    """Place of the largest."""
    return max(range(len(values)), key=values.__getitem__)


def agrees(question: Pick, values: list[float]) -> bool:
    """The bars of the options are these values, and the key's is the largest."""
    return best(values) == question.key and same(question.measures, values)


def same(measures: Measures, values: list[float]) -> bool:
    """What is drawn is what was counted."""
    return all(math.isclose(bar.value, value, abs_tol=1e-3) for bar, value in zip(measures.bars, values, strict=True))


def surprises(trace) -> list[float]:
    """-ln p of every label, from the logits."""
    rows = zip(trace.logits.double(), trace.labels.ids, strict=True)
    return [float(row.exp().sum().log() - row[id_]) for row, id_ in rows]


def reading(each: Material, question: Click) -> bool:
    """The cell is one of the head on screen, and the text names its two pieces."""
    kind, layer, head = alignment_head(each)
    ((query, key),) = question.keys
    row = each.trace.attention[kind].weights[layer, head, query].tolist()
    names = label(each.trace.labels, query), label(each.trace.source, key)
    is_drawn = same(question.measures((query, key)), [row[key]])
    return all(name in question.text for name in names) and row[key] > 0 and math.isclose(sum(row), 1, abs_tol=1e-4) and is_drawn


def cutting(each: Material, question: Slider) -> bool:
    """No word of either side has more pieces."""
    sides = (each.trace.source, each.trace.labels)
    return question.key == max(tokens.words.count(word) for tokens in sides for word in set(tokens.words) - {-1})


def nearness(each: Material, question: Pick) -> bool:
    """Cosines of the options, number by number."""
    weight, source = each.translator.weights.embedding("encoder"), each.trace.source
    labels = {token_label(each.translator.tokenizer.piece(id_)): id_ for id_ in range(len(weight))}
    token = next(at for at in range(len(source)) if label(source, at) in question.text)

    def cosine(other: int) -> float:
        a, b = weight[source.ids[token]].tolist(), weight[other].tolist()
        return sum(x * y for x, y in zip(a, b, strict=True)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))

    return agrees(question, [cosine(labels[option]) for option in question.options])


def bag(each: Material, question: Slider) -> bool:
    """A piece is the first choice where none has a larger logit."""
    trace = each.under(Intervention(source_positions="none"))
    return question.key == sum(int((row > row[id_]).sum()) == 0 for row, id_ in zip(trace.logits, trace.labels.ids, strict=True))


def scoring(each: Material, question: Pick) -> bool:
    """Products of query and key, summed and divided by the root of their number."""
    trace, (kind, layer, head) = each.trace, alignment_head(each)
    attention = trace.attention[kind]
    row = next(at for at in range(len(trace.labels)) if f"of {label(trace.labels, at)} best" in question.text)
    query = attention.queries[layer, head, row].tolist()
    scores = [
        sum(q * k for q, k in zip(query, key, strict=True)) / math.sqrt(len(query))
        for key in attention.keys[layer, head].tolist()
    ]
    places = named(question, trace.source)
    return places[question.key] == best(scores) and agrees(question, [scores[at] for at in places])


def sharpening(each: Material, question: Pick) -> bool:
    """The loss before and after, from the logits."""
    before, after = (sum(values) / len(values) for values in map(surprises, (each.trace, each.under(Intervention(scaled=False)))))
    sign = "stays" if abs(after - before) <= 0.05 else "rises" if after > before else "falls"
    return SIGNS[question.key] == sign and same(question.measures, [before, after])


def handing(each: Material, question: Pick) -> bool:
    """Weight times the length of the value, of every option."""
    layer, head = (int(number) - 1 for number in re.findall(r"\d+", question.text)[-2:])
    attention, source = each.trace.attention["encoder"], each.trace.source
    row = next(at for at in range(len(source)) if f"to {label(source, at)} in" in question.text)
    gives = [
        float(attention.weights[layer, head, row, at]) * math.hypot(*attention.values[layer, head, at].tolist())
        for at in range(len(source))
    ]
    places = named(question, source)
    return places[question.key] == best(gives) and agrees(question, [gives[at] for at in places])


def stepping(each: Material, question: Click) -> bool:
    """Mean weight on the token before, row by row, for every head of the keys and every head of self-attention that is none."""
    for kind, rows in (("encoder", 1), ("decoder", 1)):
        weights = each.trace.attention[kind].weights
        for layer, heads in enumerate(weights.tolist()):
            for head, matrix in enumerate(heads):
                mean = sum(matrix[q][q - 1] for q in range(rows, len(matrix))) / max(1, len(matrix) - rows)
                place = (kind, layer, head)
                if (place in question.keys) > (mean > 0.3) or not math.isclose(
                    question.measures(place).bars[0].value, mean, abs_tol=1e-3
                ):
                    return False
    return all(kind != "cross" for kind, _, _ in question.keys)


def writing(each: Material, question: Pick) -> bool:
    """Lengths of what the two sublayers of the layer wrote, as shares of the states, token by token."""
    layer = int(re.search(r"layer (\d+)", question.text)[1]) - 1
    stream = each.trace.residual["encoder"]
    shares = []
    for point in (2 * layer, 2 * layer + 1):
        states, written = stream.states[point].tolist(), stream.written[point].tolist()
        shares.append(sum(math.hypot(*new) / math.hypot(*old) for new, old in zip(written, states, strict=True)) / len(states))
    return agrees(question, shares)


def firing(each: Material, question: Slider) -> bool:
    """Units above 0 of the token that the text names."""
    source = each.trace.source
    token = next(at for at in range(len(source)) if f"for {label(source, at)}?" in question.text)
    units = each.trace.feed_forward["encoder"][0, token].tolist()
    return math.isclose(question.key, 100 * sum(value > 0 for value in units) / len(units), abs_tol=1e-3)


def peeking(each: Material, question: Slider) -> bool:
    """The loss from the logits, and that it rises, as the step goes on to say."""
    open_ = surprises(each.under(Intervention(causal=False)))
    after = sum(open_) / len(open_)
    return math.isclose(question.key, after, abs_tol=1e-3) and after > float(each.trace.loss.mean())


def looking(each: Material, question: Pick) -> bool:
    """The weights of the pieces of each English word, summed, mean over the pieces of the French one."""
    trace, (kind, layer, head) = each.trace, alignment_head(each)
    source, target = join_pieces(trace.source), join_pieces(trace.labels)
    row = next(at for at in range(len(target)) if f"does {label(target, at)} look" in question.text)
    rows, weights = word_groups(trace.labels)[row], trace.attention[kind].weights[layer, head].tolist()
    words = [sum(weights[r][k] for r in rows for k in columns) / len(rows) for columns in word_groups(trace.source)]
    places = named(question, source)
    return places[question.key] == best(words) and agrees(question, [words[at] for at in places])


def hesitating(each: Material, question: Pick) -> bool:
    """-ln p of every piece, from the logits."""
    places, losses = named(question, each.trace.labels), surprises(each.trace)
    return places[question.key] == best(losses) and agrees(question, [losses[at] for at in places])


def needing(each: Material, question: Pick) -> bool:
    """No other layer of the options costs more: by passes for a few sentences, and by log p for all."""
    changes = [
        Intervention(heads_off=frozenset(("cross", int(option.split()[1]) - 1, head) for head in range(8)))
        for option in question.options
    ]
    effects = (each.without(changes).sum(1) + each.trace.loss.sum()).tolist()
    return best([-effect for effect in effects]) == question.key and same(question.measures, effects)


COUNTS = (
    reading,
    cutting,
    nearness,
    bag,
    scoring,
    sharpening,
    handing,
    stepping,
    writing,
    firing,
    peeking,
    looking,
    hesitating,
    needing,
)


@pytest.mark.parametrize(("lesson", "count"), list(zip(LESSONS, COUNTS, strict=False)), ids=[count.__name__ for count in COUNTS])
def test_every_key_holds(materials, steps, lesson, count):
    """On every sentence that has something to ask."""
    questions = [(each, step.question) for each, step in zip(materials, steps(lesson)[0], strict=True)]
    assert sum(question is not None for _, question in questions) >= 0.9 * len(materials)
    assert [each.trace.source.text for each, question in questions if question and not count(each, question)] == []


def test_where_picture_and_cause_agree_hiding_the_word_costs_most(materials):
    """The word that lesson 12 asks about loses more without the English word it looks at than without any other: by a pass for each."""
    lesson = LESSONS[COUNTS.index(looking)]
    for each in materials[:FEW]:
        question, trace = lesson.steps[0](each).question, each.trace
        target, source = join_pieces(trace.labels), join_pieces(trace.source)
        row = next(at for at in range(len(target)) if f"does {label(target, at)} look" in question.text)
        rows = list(word_groups(trace.labels)[row])
        costs = []
        for word in named(question, source):
            links = frozenset((kind, None, None, key) for kind in ("encoder", "cross") for key in word_groups(trace.source)[word])
            costs.append(float(each.under(Intervention(cut=links)).loss[rows].sum()))
        assert best(costs) == question.key


def test_layers_are_switched_off_in_the_pass_that_the_page_draws(materials):
    """log p of the question about layers is that of a captured pass with these heads off."""
    for each in materials[:FEW]:
        change = Intervention(heads_off=frozenset(("cross", 3, head) for head in range(8)))
        torch.testing.assert_close(each.without([change])[0], -each.under(change).loss, rtol=1e-4, atol=1e-4)


def test_the_notes_are_checked_by_what_the_model_does(materials, steps):
    """Each statement has its verdict on every sentence, and a model of another kind gets another: one that learned its positions."""
    verdicts = ("false", "half true", "false", "false", "false", "half true", "false", "true")
    assert len(notes.LESSON.steps) == 8 and set(verdicts) == set(notes.VERDICTS)
    for row in zip(*steps(notes.LESSON), strict=True):
        assert tuple(step.question.options[step.question.key] for step in row) == verdicts
        assert all(map(bears_out, row, verdicts))
    learned = material(materials[0].sibling("learned"), SENTENCES[2])
    assert notes.VERDICTS[notes.learnable(learned)[0]] == "true"


def bears_out(step: Step, verdict: str) -> bool:
    """Where the test of a statement compares numbers, those that are drawn say the same as its verdict."""
    values = {bar.words: bar.value for bar in step.question.measures.bars} if step.question.measures else {}
    match [*values.values()]:
        case [loss, own, binary] if "the loss" in values:
            return verdict == "false" and math.isclose(loss, own, abs_tol=1e-3) and binary > loss
        case [whole, least, most] if "a row of the model" in values:
            return verdict == "false" and math.isclose(whole, 1, abs_tol=1e-4) and least < 0.9 < 1.1 < most
        case [by, root, width] if "the model" in values:
            return verdict == "false" and math.isclose(by, root, abs_tol=0.01) and math.isclose(root**2, width) and width > 2 * by
        case [off, on] if "with positions" in values:
            return verdict == "half true" and off < 0.01 < on
        case [first, every] if "with any exponent" in values:
            return verdict == "false" and math.isclose(first, every, abs_tol=0.01) and every <= 1
    return not values


def test_it_looks_at_one_word_and_hangs_on_another(materials, steps):
    """The pronoun's lesson: a head gives most of its attention to "it", and hiding the adjective costs most; it asks of no other sentence."""
    step, *others = steps(pronoun.LESSON)[0]
    assert step.question.options[step.question.key] == "“tired”" and not any(other.question for other in others)
    kind, layer, head = (step.focus[name] for name in ("kind", "layer", "head"))
    trace = materials[0].trace
    row = trace.labels.surface.index("il")
    assert float(trace.attention[kind].weights[layer, head, row].max()) > 0.5
    assert int(trace.attention[kind].weights[layer, head, row].argmax()) == trace.source.surface.index("it")
    hidden = materials[0].coreference.hidden
    assert materials[0].coreference.decides and float(hidden["adjective"].lost) > 2 * float(hidden["it"].lost)


def test_beginnings_of_words_hesitate_more_than_their_ends(materials):
    """A hint of the lesson on the loss says so: over all sentences, the first piece of a word costs more than the others."""
    first, later = [], []
    for each in materials:
        for group in word_groups(each.trace.labels):
            losses = each.trace.loss[list(group)].tolist()
            first.append(losses[0])
            later += losses[1:]
    assert sum(first) / len(first) > sum(later) / len(later)
