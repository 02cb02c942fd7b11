"""How a model of transformers becomes a Reader: its class, its weights, and what is refused, in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import transformers

from model.huggingface.anatomy import LONGEST, inputs, look_into
from model.huggingface.reader import Reader
from model.huggingface.tokens import Texts
from model.instrument.checkpoint import CheckpointError
from model.instrument.pretrained import choose_device
from model.instrument.tensorflow import WEIGHTS, read_h5

LARGEST = 10**9  # parameters
WHOLE = "A model is a whole folder, as save_pretrained writes it: config.json, the files of its tokenizer and model.safetensors."
UNASKED = {  # what of a model that is not ours cannot be asked, and why
    "parameters": "They go by other names and shapes in every library, and are not taken apart here.",
    "gradients": "The weights were opened to be read, not to be trained.",
    "search": "What it writes is looked for by its own library, in one go.",
    "merges": "How its tokenizer cuts a word is not replayed here.",
}


def open_reader(name: str | Path, device: str | None = None) -> Reader:
    """A model of transformers from a folder or from the hub. Raises CheckpointError, in words, and DeviceError."""
    where = choose_device(device)
    try:
        config = transformers.AutoConfig.from_pretrained(name)
        kind = class_of(config)
        with torch.device("meta"):
            size = sum(parameter.numel() for parameter in kind._from_config(config).parameters())
        if size > LARGEST:
            raise ValueError(f"it has {size / 1e9:.1f} billion parameters, and at most {LARGEST / 1e9:.0f} billion can be shown")
        tokenizer = transformers.AutoTokenizer.from_pretrained(name)
        model = read_weights(kind, name, config).to(where).eval().requires_grad_(False)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, TypeError) as error:
        why = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
        raise CheckpointError(f"{name} cannot be opened: {why}. {WHOLE}") from error
    return read_model(model, tokenizer, Path(name).name, Path(name))


def read_model(model: Any, tokenizer: Any, name: str, folder: Path | None = None) -> Reader:
    """A Reader of a model that is loaded, in evaluation mode. Raises CheckpointError where it cannot be looked into."""
    config, size = model.config, model.get_input_embeddings().num_embeddings
    ends = [getattr(config, f"{end}_token_id", None) for end in ("pad", "bos", "decoder_start")]
    marks = {id_ for id_ in ends if id_ is not None}
    apart = marks.union(tokenizer.all_special_ids)
    plain = [id_ for id_ in (*range(size // 2, size), *range(size // 2)) if id_ not in apart][:18]
    ids = torch.tensor([plain], device=model.device)
    target = [[ids[:, 10:14]], [ids[:, 14:18]]] if config.is_encoder_decoder else [[], []]
    anatomy, places, ending = look_into(model, inputs(ids[:, :5], *target[0]), inputs(ids[:, 5:10], *target[1]))
    longest = min(anatomy.longest or LONGEST, tokenizer.model_max_length)
    texts = Texts(tokenizer, longest, marks, max(size, anatomy.vocabulary))
    config.seen_by_all, config.mask_token_id = sorted(texts.marks), texts.mask_id  # what two streams go by: see xlnet.py
    anatomy = replace(anatomy, longest=longest, missing={**anatomy.missing, **UNASKED})
    return Reader(model, texts, anatomy, places, name, folder, ending)


def class_of(config: Any) -> Any:
    """The class of a model."""
    bare = transformers.MODEL_MAPPING[type(config)]
    kind = getattr(transformers, (config.architectures or [""])[0].removeprefix("TF"), bare)
    fits = isinstance(kind, type) and issubclass(kind, transformers.PreTrainedModel)
    return kind if fits else bare


def read_weights(kind: Any, name: str | Path, config: Any) -> Any:
    """The weights, in float32; only from files that cannot run code."""
    if getattr(config, "quantization_config", None):
        raise ValueError("its weights are quantised; save it once in float32, with save_pretrained")
    if (Path(name) / WEIGHTS).is_file() and not any(Path(name).glob("*.safetensors*")):
        return read_h5(Path(name) / WEIGHTS, kind._from_config(config, dtype=torch.float32, attn_implementation="eager"))
    how = {"dtype": torch.float32, "use_safetensors": True, "attn_implementation": "eager", "output_loading_info": True}
    model, info = kind.from_pretrained(name, config=config, **how)
    if lacking := sorted(key for key in info["missing_keys"] if "pooler" not in key):
        raise ValueError(f"its file lacks {len(lacking)} tensors of a {kind.__name__}, {lacking[0]} among them")
    return model
