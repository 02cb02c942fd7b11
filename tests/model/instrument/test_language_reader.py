"""One stack alone under the hooks, for any text and any change that it can follow; and what it says of a text."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.relatives import KINDS, masking_tokenizer, relative
from support.strategies import changes_of, costly, places, sentences
from support.tensors import close

from model.instrument.language_reader import LanguageReader
from model.instrument.masked_text import encode_masked
from model.instrument.recorder import Recorder, recording
from model.instrument.tokenizer import END, MASK, SPACE, START, UNKNOWN
from model.trace.intervention import Intervention
from model.trace.places import within

NAMES = {"mask": "encoder", "write": "decoder"}  # kinds of models, and the name of their one stack


@pytest.fixture(scope="module")
def readers() -> dict[str, LanguageReader]:
    """One of each kind, untrained, over the same vocabulary."""
    tokenizer = masking_tokenizer()
    size = tokenizer.vocabulary_size
    return {kind: LanguageReader(relative(kind, size), tokenizer, f"tiny-{kind}", dict(KINDS[kind][1])) for kind in NAMES}


def changes(stack: str) -> st.SearchStrategy[Intervention]:
    """Any change of a model of one stack."""
    links = st.tuples(st.just(stack), st.sampled_from([None, 0, 1]), places, places).filter(lambda link: link[2:] != (None, None))
    heads = st.tuples(st.just(stack), st.integers(0, 1), st.integers(0, 3))
    return changes_of(
        position_scale=st.sampled_from([0.0, 1.0, 3.0]),
        window=st.sampled_from([None, 0, 2]),
        cut=st.frozensets(links, max_size=4),
        heads_off=st.frozensets(heads, max_size=3),
        temperature=st.sampled_from([0.25, 1.0, 4.0]),
    )


def followed(reader: LanguageReader, change: Intervention, text: str) -> Intervention:
    """The change without what the model cannot follow and without links to tokens that the text has not."""
    lacking = "target_positions" if not reader.writes else "source_positions"
    change = replace(change, **{lacking: "trained"})
    return within(change, reader.anatomy, len(reader.source(text)))


@pytest.mark.parametrize("kind", NAMES)
@given(data=st.data(), text=sentences)
def test_a_pass_adds_up(readers, kind, data, text):
    """Rows of weights sum to 1, or to 0 where nothing may be seen; cut links are exactly 0; a head that is off hands nothing on."""
    reader, name = readers[kind], NAMES[kind]
    change = followed(reader, data.draw(changes(name)), text)
    trace = reader.trace(text, intervention=change)
    part = trace.attention[name]
    mask = part.mask.expand_as(part.weights)
    close(part.weights.sum(-1), mask.any(-1).float())
    assert (part.weights[~mask] == 0).all() and part.weights.isfinite().all()
    close(part.scores, part.queries @ part.keys.transpose(2, 3) / (math.sqrt(8) if change.scaled else 1.0))
    for _, layer, query, key in change.cut:
        rows = part.weights[slice(None) if layer is None else layer]
        assert (rows[..., slice(None) if query is None else query, :][..., slice(None) if key is None else key] == 0).all()
    if reader.writes and change.causal:
        assert (part.weights.triu(1) == 0).all()
    off = torch.zeros(part.outputs.shape[:2], dtype=torch.bool)
    for _, layer, head in change.heads_off:
        off[layer, head] = True
    close(part.outputs, (part.weights @ part.values).masked_fill(off[..., None, None], 0.0))
    stream = trace.residual[name]
    close(stream.states[1:], stream.states[:-1] + stream.written)
    close(stream.states[0], trace.embeddings[name] + trace.positions[name])
    close(trace.logits, reader.weights.unembed(stream.states[-1]))
    assert len(trace.labels) == len(trace.source) == len(trace.logits) == len(trace.loss)


@costly
@given(data=st.data(), text=sentences)
def test_a_batch_of_changes_is_the_same_as_a_pass_each(readers, data, text):
    """Knock-outs side by side give what a Trace of each gives."""
    reader = readers[data.draw(st.sampled_from([*NAMES]))]
    trace = reader.trace(text)
    heads = st.frozensets(st.tuples(st.just(NAMES["write" if reader.writes else "mask"]), st.integers(0, 1), st.integers(0, 3)))
    several = [Intervention(heads_off=data.draw(heads)) for _ in range(3)]
    together = reader.passes.label_log_probabilities(trace, several)
    with torch.no_grad(), recording(Recorder(reader.anatomy, several)):
        logits = reader.model(torch.tensor([trace.source.ids] * 3))
    rows = torch.arange(len(trace.labels))
    close(together, logits.log_softmax(-1)[:, rows, trace.labels.ids])
    close(together[0], reader.trace(text, intervention=several[0]).logits.log_softmax(-1)[rows, trace.labels.ids])
    with pytest.raises(ValueError, match="Knock-outs"):
        reader.passes.label_log_probabilities(trace, [Intervention(temperature=2.0)])


@given(text=sentences, other=sentences)
def test_a_later_word_changes_nothing_before_it(readers, text, other):
    """A decoder alone: the pass over a text is the beginning of the pass over a longer one."""
    reader = readers["write"]
    short, long = reader.trace(text), reader.trace(text, target=f" {other}")
    same = next((at for at, pair in enumerate(zip(short.source.ids, long.source.ids, strict=False)) if pair[0] != pair[1]), None)
    close(long.logits[: same or len(short.source)], short.logits[:same], 1e-5)
    close(long.attention["decoder"].weights[..., : same or len(short.source), :][..., : len(short.source)][..., :same, :],
          short.attention["decoder"].weights[..., :same, :], 1e-5)  # fmt: skip


@pytest.mark.parametrize("kind", NAMES)
def test_plain_passes_and_traces_agree(readers, kind):
    """Fused and explicit attention, written in place, kept by hooks and without a recorder, to 1e-5."""
    reader = readers[kind]
    trace, kept = (
        reader.trace("Two dogs are playing.", intervention=change) for change in (Intervention(), Intervention(window=999))
    )
    one, other = trace.attention[NAMES[kind]], kept.attention[NAMES[kind]]
    for part in ("weights", "scores", "mask", "queries", "keys", "values", "outputs"):
        close(getattr(one, part), getattr(other, part), 1e-5)
    stream, again = trace.stream(NAMES[kind]), kept.stream(NAMES[kind])
    close(stream.states, again.states, 1e-5)
    close(stream.written, again.written, 1e-5)
    close(trace.loss, kept.loss, 1e-5)
    with torch.no_grad():
        close(reader.model(torch.tensor([trace.source.ids]))[0], trace.logits, 1e-5)


# -- masks ---------------------------------------------------------------------------------------------------------------


@given(parts=st.lists(st.one_of(sentences, st.sampled_from(["", " ", "█", "un", ". "])), min_size=2, max_size=4))
def test_every_mask_is_one_token_where_it_stands(readers, parts):
    """Whatever is around it; the rest of the text keeps the pieces and places that it has."""
    tokenizer, text = readers["mask"].tokenizer, MASK.join(parts)
    tokens = encode_masked(tokenizer, text)
    found = [span for id_, span in zip(tokens.ids, tokens.spans, strict=True) if id_ == UNKNOWN]
    assert len(found) == text.count(MASK)
    for span, (start, end) in zip(found, [(match, match + len(MASK)) for match in _places(text)], strict=True):
        assert span[0] <= start and end <= span[1]
    assert tokens.text == text and all(0 <= start <= end <= len(text) for start, end in tokens.spans)
    assert tokens.spans == sorted(tokens.spans)
    plain = [id_ for id_ in tokens.ids if id_ != UNKNOWN]
    assert UNKNOWN not in tokenizer.encode(text.replace(MASK, "")).ids and UNKNOWN not in plain


def _places(text: str) -> list[int]:
    """Where masks begin."""
    return [at for at in range(len(text)) if text.startswith(MASK, at)]


def test_a_mask_takes_the_place_of_a_piece(readers):
    """To hide a word of one piece leaves all other pieces as they were, the space in front of it included."""
    tokenizer = readers["mask"].tokenizer
    text = "I think that you should go home now."
    whole = tokenizer.encode(text)
    for at, (start, end) in enumerate(whole.spans):
        if start < end:
            hidden = encode_masked(tokenizer, text[:start] + MASK + text[end:])
            alone = (
                at > 0 and whole.pieces[at - 1] == SPACE
            )  # the space in front is a piece of its own, and then part of the mask
            expected = [UNKNOWN if one == at else id_ for one, id_ in enumerate(whole.ids) if not (alone and one == at - 1)]
            assert hidden.ids == expected and hidden.pieces[at - alone] in (MASK, f"{SPACE}{MASK}")


def test_it_fills_in_the_likeliest_piece(readers):
    """`fill`, `generate` and the labels of a trace say the same; probabilities are those of the pass."""
    reader, text = readers["mask"], f"Two {MASK} are playing in the {MASK}."
    guesses, trace = reader.fill(text, 3), reader.trace(text)
    places = [at for at, id_ in enumerate(trace.source.ids) if id_ == UNKNOWN]
    assert len(guesses) == 2 and all(len(row) == 3 for row in guesses)
    for row, at in zip(guesses, places, strict=True):
        assert [guess.probability for guess in row] == sorted((guess.probability for guess in row), reverse=True)
        assert reader.tokenizer.decode([trace.labels.ids[at]]).text == row[0].name
    assert trace.labels.text == reader.generate(text)
    kept = [(one, other) for one, other in zip(trace.source.ids, trace.labels.ids, strict=True) if one != UNKNOWN]
    assert all(one == other for one, other in kept) and not {UNKNOWN, START} & set(trace.labels.ids)
    given = reader.trace("Two <mask> are playing", target="Two dogs are playing") if _one_piece(reader, " dogs") else None
    assert given is None or given.labels.text == "Two dogs are playing"


def _one_piece(reader: LanguageReader, word: str) -> bool:
    return len(reader.tokenizer.encode(word)) == 1


def test_a_trace_can_be_told_what_was_hidden(readers):
    """The target says what each row should predict; another text than the one that was masked is refused."""
    reader = readers["mask"]
    text = "I think that you should go home now."
    whole = reader.source(text)
    start, end = whole.spans[2]
    trace = reader.trace(text[:start] + MASK + text[end:], target=text)
    assert trace.labels.ids == whole.ids and trace.source.ids != whole.ids
    close(trace.loss, -trace.logits.log_softmax(-1)[torch.arange(len(whole)), whole.ids])
    with pytest.raises(ValueError, match="the text itself"):
        reader.trace(text[:start] + MASK + text[end:], target="Another text.")


# -- what it writes, tags and classifies -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [Intervention(), Intervention(heads_off={("decoder", 0, 1)}), Intervention(causal=False), Intervention(window=1)],
    ids=str,
)
def test_what_it_writes_is_the_likeliest_at_every_step(readers, change):
    """With and without a cache: each piece that was added is the likeliest one of a pass over what stands before it."""
    reader = readers["write"]
    source = reader.source("Two dogs are")
    written = reader.written(source, change)
    assert written.ids[: len(source)] == source.ids and len(written) <= len(source) + 40 and END not in written.ids
    for at in range(len(source), min(len(written), len(source) + 4)):
        shorter = written.first(at)
        assert reader._likeliest(shorter, change)[-1] == written.ids[at]


def test_tags_and_classes_are_read_from_the_states(readers):
    """A label for every word from its first piece, a class from </s>; shares sum to 1; a change of the pass changes them."""
    reader, text = readers["mask"], "Two dogs are playing in the snow."
    tokens = reader.source(text)
    tags = reader.tag(text)
    assert len(tags) == 1 + max(tokens.words) and {tag.name for tag in tags} <= set(reader.about["labels"]["tags"])
    classes = reader.classify(text)
    assert [guess.name for guess in classes] == ["negative", "positive"] and sum(g.probability for g in classes) == pytest.approx(
        1
    )
    off = Intervention(heads_off=frozenset(("encoder", 0, head) for head in range(4)))
    assert reader.classify(text, off) != classes and reader.tag(text, off) != tags


@pytest.mark.parametrize(
    "kind, question, words",
    [
        ("mask", lambda reader: reader.fill("Two dogs"), "no <mask>"),
        ("mask", lambda reader: reader.trace(""), "nothing to read"),
        ("mask", lambda reader: reader.trace("a" * 99 + " b c" * 40), "at most 60"),
        ("mask", lambda reader: reader.trace("a", intervention=Intervention(target_positions="none")), "one sequence"),
        ("mask", lambda reader: reader.trace("a", intervention=Intervention(cut={("encoder", 0, 40, 0)})), "no query 40"),
        ("write", lambda reader: reader.fill(f"Two {MASK}"), "fills in nothing"),
        ("write", lambda reader: reader.tag("Two"), "no tagger"),
        ("write", lambda reader: reader.classify("Two"), "no classifier"),
        ("write", lambda reader: reader.generate(" "), "nothing to read"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused_in_words(readers, kind, question, words):
    """With what is wrong."""
    with pytest.raises(ValueError, match=words):
        question(readers[kind])


@pytest.mark.parametrize("kind", NAMES)
def test_a_copy_answers_alike(readers, kind):
    """Pickled and read again, with its hooks and its further outputs."""
    reader = readers[kind]
    again = pickle.loads(pickle.dumps(reader))
    one, other = (each.trace("Two dogs", intervention=Intervention(window=1)) for each in (reader, again))
    assert torch.equal(one.logits, other.logits) and one.labels == other.labels
