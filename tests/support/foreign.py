"""Models of transformers for tests: our own weights in one of its classes, and a small random one of every architecture."""

from __future__ import annotations

import json
import math
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import torch

from model.instrument.assembly import assemble
from model.instrument.donors import NO_DONORS, Donors
from model.instrument.ending import Ending
from model.instrument.module_pass import Pass, Places
from model.instrument.pretrained import Translator
from model.instrument.recorder import recording
from model.trace.anatomy import Anatomy
from model.trace.intervention import Intervention
from model.trace.trace import Trace
from model.transformer.transformer import Transformer
from support.tiny import SENTENCES

HOW = 'needs pip install "headlight[models]"'
ENCODER = {
    "vocab_size": 100, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48, "max_position_embeddings": 64,
}  # fmt: skip
DECODER = {**ENCODER, "num_key_value_heads": 2, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
PAIR = {
    "vocab_size": 100, "d_model": 32, "encoder_layers": 2, "decoder_layers": 3, "encoder_attention_heads": 4, "decoder_attention_heads": 4,
    "encoder_ffn_dim": 48, "decoder_ffn_dim": 48, "max_position_embeddings": 64, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2,
    "decoder_start_token_id": 2,
}  # fmt: skip
T5 = {"vocab_size": 100, "d_model": 32, "d_kv": 12, "d_ff": 48, "num_layers": 2, "num_decoder_layers": 3, "num_heads": 4}
XLNET = {"vocab_size": 100, "d_model": 32, "n_layer": 3, "n_head": 4, "d_inner": 48}
STREAMS = "XLNet, two streams"
ARCHITECTURES: dict[str, tuple[str, str, dict[str, Any]]] = {  # class, its config, and what a small one of it is like
    "BERT": ("BertForMaskedLM", "BertConfig", ENCODER),
    "RoBERTa": ("RobertaForMaskedLM", "RobertaConfig", ENCODER),
    "DistilBERT": (
        "DistilBertForMaskedLM", "DistilBertConfig",
        {"vocab_size": 100, "dim": 32, "n_layers": 3, "n_heads": 4, "hidden_dim": 48, "max_position_embeddings": 64},
    ),
    "ELECTRA": ("ElectraForMaskedLM", "ElectraConfig", {**ENCODER, "embedding_size": 16}),
    "ALBERT": ("AlbertForMaskedLM", "AlbertConfig", {**ENCODER, "embedding_size": 16}),
    "ModernBERT": (
        "ModernBertForMaskedLM", "ModernBertConfig",
        {**ENCODER, "global_attn_every_n_layers": 2, "pad_token_id": 0, "cls_token_id": 1, "sep_token_id": 2, "bos_token_id": 1, "eos_token_id": 2},
    ),
    "XLNet": ("XLNetModel", "XLNetConfig", XLNET),
    STREAMS: ("XLNetLMHeadModel", "XLNetConfig", XLNET),
    "GPT-2": (
        "GPT2LMHeadModel", "GPT2Config",
        {"vocab_size": 100, "n_positions": 64, "n_embd": 32, "n_layer": 3, "n_head": 4, "bos_token_id": 0, "eos_token_id": 0},
    ),
    "OPT": (
        "OPTForCausalLM", "OPTConfig",
        {"vocab_size": 100, "hidden_size": 32, "num_hidden_layers": 3, "ffn_dim": 48, "num_attention_heads": 4, "max_position_embeddings": 64,
         "word_embed_proj_dim": 32},
    ),
    "GPT-NeoX": ("GPTNeoXForCausalLM", "GPTNeoXConfig", ENCODER),
    "Llama": ("LlamaForCausalLM", "LlamaConfig", DECODER),
    "Qwen2": ("Qwen2ForCausalLM", "Qwen2Config", DECODER),
    "Qwen3": ("Qwen3ForCausalLM", "Qwen3Config", {**DECODER, "head_dim": 16}),
    "Gemma3": (
        "Gemma3ForCausalLM", "Gemma3TextConfig", {**DECODER, "head_dim": 8, "query_pre_attn_scalar": 16, "sliding_window": 4},
    ),
    "Marian": ("MarianMTModel", "MarianConfig", PAIR),
    "BART": ("BartForConditionalGeneration", "BartConfig", PAIR),
    "mBART": ("MBartForConditionalGeneration", "MBartConfig", PAIR),
    "M2M100": ("M2M100ForConditionalGeneration", "M2M100Config", PAIR),
    "Pegasus": ("PegasusForConditionalGeneration", "PegasusConfig", PAIR),
    "T5": ("T5ForConditionalGeneration", "T5Config", T5),
    "T5 1.1": ("T5ForConditionalGeneration", "T5Config", {**T5, "feed_forward_proj": "gated-gelu"}),
}  # fmt: skip
FOLDERS = {
    "bert": ("BERT", "WordPiece"),
    "gpt2": ("GPT-2", "BPE"),
    "marian": ("Marian", "Unigram"),
}  # architecture and tokenizer of some
PROBE = [list(range(50, 55)), list(range(60, 64)), list(range(70, 75)), list(range(80, 84))]


class Tiny(NamedTuple):
    """A small random model of transformers, looked into, and what the model itself says of `given` without us."""

    model: Any
    anatomy: Anatomy
    places: Places
    ending: Ending | None
    given: dict[str, Any]  # a text, or two, of another length than the probe's
    own: Any  # eager attention with all that transformers returns

    def trace(self, change: Intervention = Intervention(), donors: Donors = NO_DONORS, **more: Any) -> Trace:
        """A pass over `given`, or over `more` instead of some of it, as a Trace without tokens."""
        with torch.no_grad(), recording(Pass(self.places, self.anatomy, change, donors=donors)) as recorder:
            output = self.model(**(self.given | more))
        return assemble(recorder, {}, output["logits" if self.anatomy.predicting else "last_hidden_state"][0], None)


def random_model(name: str, config: str, settings: dict[str, Any]) -> Any:
    """A model of a class of transformers with loud random weights, whatever it would begin with; its waves stay waves."""
    import transformers

    torch.manual_seed(0)
    model = getattr(transformers, name)(getattr(transformers, config)(**settings, attn_implementation="eager")).eval()
    with torch.no_grad():
        for where, parameter in model.named_parameters():
            if parameter.requires_grad and (name.startswith("Bart") or not where.endswith("embed_positions.weight")):
                parameter.normal_(std=0.3)
                if parameter.dim() == 1 and where.endswith("weight"):
                    parameter.add_(1.0)  # gains
    return model.requires_grad_(False)


@cache
def tiny(architecture: str) -> Tiny:
    """A small model of an architecture, made once."""
    from model.huggingface.anatomy import inputs, look_into

    model = random_model(*ARCHITECTURES[architecture])
    texts = [torch.tensor([ids]) for ids in PROBE]
    source, target = torch.tensor([[11, 30, 12, 13, 30, 14, 15, 16, 17]]), torch.tensor([[2, 21, 22, 23, 24, 25]])
    pair = (lambda first, second: inputs(first, second)) if model.config.is_encoder_decoder else (lambda first, _: inputs(first))
    given = pair(source, target)
    own = model(
        **given, **(left_to_right(9) if architecture == STREAMS else {}), output_attentions=True, output_hidden_states=True
    )
    anatomy, places, ending = look_into(model, pair(*texts[:2]), pair(*texts[2:]))
    return Tiny(model, anatomy, places, ending, given, own)


def left_to_right(length: int) -> dict[str, torch.Tensor]:
    """What an XLNet is told to guess every token from those before it: it may not see (row, token); the first one sees itself."""
    unseen = torch.ones(1, length, length).triu()
    unseen[0, 0, 0] = 0.0
    return {"perm_mask": unseen, "target_mapping": torch.eye(length)[None]}


def marian_tokenizer(translator: Translator, folder: Path):
    """Our vocabulary as the two SentencePiece files of a MarianTokenizer, with our ids."""
    from transformers import MarianTokenizer

    processor = translator.tokenizer.processor
    for name in ("source.spm", "target.spm"):
        (folder / name).write_bytes(translator.tokenizer.model)
    (folder / "vocab.json").write_text(json.dumps({processor.id_to_piece(at): at for at in range(processor.get_piece_size())}))
    return MarianTokenizer(*(str(folder / name) for name in ("source.spm", "target.spm", "vocab.json")))


def as_m2m100(model: Transformer):
    """A model of ours as transformers' M2M100: the same weights, under its names, and our waves in its table of positions."""
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    shape = model.config
    config = M2M100Config(
        vocab_size=shape.vocabulary_size, d_model=shape.d_model, encoder_layers=shape.encoder_layers, decoder_layers=shape.decoder_layers,
        encoder_attention_heads=shape.heads, decoder_attention_heads=shape.heads, encoder_ffn_dim=shape.d_ff, decoder_ffn_dim=shape.d_ff,
        max_position_embeddings=shape.max_length, activation_function="relu", scale_embedding=True, pad_token_id=shape.pad_id, bos_token_id=2,
        eos_token_id=3, decoder_start_token_id=2, attn_implementation="eager",
    )  # fmt: skip
    other = M2M100ForConditionalGeneration(config).eval()
    attention = {"query": "q_proj", "key": "k_proj", "value": "v_proj", "output": "out_proj"}
    weights = {"model.shared.weight": model.encoder.embedding.weight}
    for side in ("encoder", "decoder"):
        ours, theirs = getattr(model, side), f"model.{side}"
        put = {f"{theirs}.layer_norm": ours.norm}
        for at, layer in enumerate(ours.layers):
            here = f"{theirs}.layers.{at}"
            put |= {f"{here}.self_attn.{name}": getattr(layer.attention, own) for own, name in attention.items()}
            put |= {f"{here}.self_attn_layer_norm": layer.attention_residual.norm, f"{here}.fc1": layer.feed_forward.expand}
            put |= {f"{here}.final_layer_norm": layer.feed_forward_residual.norm, f"{here}.fc2": layer.feed_forward.contract}
            if side == "decoder":
                put |= {f"{here}.encoder_attn.{name}": getattr(layer.cross_attention, own) for own, name in attention.items()}
                put |= {f"{here}.encoder_attn_layer_norm": layer.cross_attention_residual.norm}
        weights |= {
            f"{where}.{name}": parameter for where, module in put.items() for name, parameter in module.named_parameters()
        }
        table = getattr(other.model, side).embed_positions
        table.weights = torch.cat([torch.zeros(1, shape.d_model), ours.positions.table])  # its row 0 is that of the padding
    lacking, more = other.load_state_dict({name: value.detach() for name, value in weights.items()}, strict=False)
    assert not more and all(name.endswith(("embed_tokens.weight", "lm_head.weight")) for name in lacking)
    other.tie_weights()
    assert math.isclose(other.model.encoder.embed_tokens.embed_scale, math.sqrt(shape.d_model))
    return other


def same_weights(translator: Translator, folder: Path) -> Any:
    """Our translator, asked through the adapter."""
    from model.huggingface.opening import read_model

    return read_model(as_m2m100(translator.model), marian_tokenizer(translator, folder), "same weights")


def fast_tokenizer(kind: str):
    """A tokenizer of a kind that knows a few sentences, with the special tokens of its family; the same in every process."""
    import tokenizers
    import transformers
    from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

    if kind == "WordPiece":
        marks = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
        normalizer, splitter = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
        letters, words = known(splitter, [normalizer.normalize_str(text) for text in SENTENCES])
        pieces = [*marks.values(), *letters, *(f"##{letter}" for letter in letters), *(word for word in words if len(word) > 1)]
        model = models.WordPiece({piece: at for at, piece in enumerate(pieces[:90])}, unk_token="[UNK]")
        tokenizer = tokenizers.Tokenizer(model)
        tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder = normalizer, splitter, decoders.WordPiece()
        ends = [(mark, tokenizer.token_to_id(mark)) for mark in ("[CLS]", "[SEP]")]
        tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    elif kind == "BPE":
        marks = {"eos_token": "<|end|>", "bos_token": "<|end|>"}
        tokenizer = tokenizers.Tokenizer(models.BPE())
        tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
        letters = pre_tokenizers.ByteLevel.alphabet()
        tokenizer.train_from_iterator(
            SENTENCES * 2, trainers.BpeTrainer(vocab_size=300, special_tokens=["<|end|>"], initial_alphabet=letters)
        )
    else:
        marks = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
        splitter = pre_tokenizers.Metaspace()
        letters, words = known(splitter, SENTENCES)
        pieces = [*marks.values(), *letters, *words]
        scores = [(piece, 0.0 if at < len(marks) else -math.log(1 + at)) for at, piece in enumerate(pieces[:90])]
        tokenizer = tokenizers.Tokenizer(models.Unigram(scores, unk_id=2))
        tokenizer.pre_tokenizer, tokenizer.decoder = splitter, decoders.Metaspace()
        tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=60, **marks)


def known(splitter: Any, texts: list[str]) -> tuple[list[str], list[str]]:
    """Letters and words of texts, sorted, the most frequent words first. The trainers of WordPiece and Unigram number what they learn in
    another order in every process, and then a random model is another one, too."""
    counts = Counter(word for text in texts for word, _ in splitter.pre_tokenize_str(text))
    return sorted(set("".join(counts))), sorted(counts, key=lambda word: (-counts[word], word))


def write_model(folder: Path, architecture: str, kind: str, **more: Any) -> Path:
    """A small random model with a tokenizer, as a folder of Hugging Face. more: fields of its config."""
    name, config, settings = ARCHITECTURES[architecture]
    tokenizer = fast_tokenizer(kind)
    ends = {"decoder_start_token_id": 0, "pad_token_id": 0, "eos_token_id": 1} if kind == "Unigram" else {}
    random_model(name, config, {**settings, "vocab_size": 300, **ends, **more}).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
