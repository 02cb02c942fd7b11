"""Whether the weights and the tokenizer of a checkpoint fit the shape that its config.json tells."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from model.instrument.tokenizer import END, MASK, PAD, START, UNKNOWN, Tokenizer
from model.transformer.architecture import AnyConfig, architecture
from model.transformer.config import DECODER, ENCODER, briefly
from model.transformer.recurrent import RecurrentConfig


def check_weights(config: AnyConfig, weights: Mapping[str, Tensor]) -> None:
    """Whatever a config says that names and shapes of weights tell, too. Raises ValueError that names each field that differs.

    Every number of a recurrent model stands in the shape of one of its tensors, which are held to it when they are loaded.
    """
    if isinstance(config, RecurrentConfig):
        return
    told = _told(weights)
    if config.positions == "learned":
        told.setdefault("positions", "not learned")
    wrong = [f"{name} is {getattr(config, name)!r} in config.json and {value!r} in the weights" for name, value in told.items()
             if getattr(config, name) != value]  # fmt: skip
    if wrong:
        raise ValueError(f"{'; '.join(wrong)}.")


def check_tokenizer(config: AnyConfig, tokenizer: Tokenizer) -> None:
    """A tokenizer with as many pieces as the model, and the special ones where it looks for them. Raises ValueError, in words."""
    if tokenizer.vocabulary_size != config.vocabulary_size:
        raise ValueError(f"it has {tokenizer.vocabulary_size:,} pieces, the model {config.vocabulary_size:,}.")
    processor = tokenizer.processor
    found = (processor.pad_id(), processor.unk_id(), processor.bos_id(), processor.eos_id())
    if found != (config.pad_id, UNKNOWN, START, END) or config.pad_id != PAD:
        raise ValueError(
            f"<pad>, <unk>, <s> and </s> are pieces {found} of it; the model takes <pad> to be {config.pad_id} and "
            f"the four to be {(PAD, UNKNOWN, START, END)}."
        )

    if architecture(config) == ENCODER and tokenizer.piece(UNKNOWN) != MASK:
        raise ValueError(
            f"piece {UNKNOWN} of it is {briefly(tokenizer.piece(UNKNOWN))}; a model that fills in takes it to be {MASK}."
        )


def _told(weights: Mapping[str, Tensor]) -> dict[str, object]:
    """The fields of a Config that the names and shapes of weights tell; what a name that is missing would tell is left out."""
    told: dict[str, object] = {}
    names = ("embedding.weight", "layers.0.feed_forward.expand.weight", "positions.table")
    embedding, expand, table = (
        next((weights[f"{stack}.{name}"] for stack in (ENCODER, DECODER) if f"{stack}.{name}" in weights), None) for name in names
    )
    if embedding is not None and embedding.dim() == 2:
        told["vocabulary_size"], told["d_model"] = embedding.shape
    if expand is not None and expand.dim() == 2:
        told["d_ff"] = expand.size(0)
    for stack in (ENCODER, DECODER):
        layers = {name.split(".")[2] for name in weights if name.startswith(f"{stack}.layers.") and name.count(".") > 2}
        told[f"{stack}_layers"] = len(layers)
    told["norm_first"] = any(f"{stack}.norm.weight" in weights for stack in (ENCODER, DECODER))
    if table is not None:
        told["positions"] = "learned"
        told["max_length"] = table.size(0) if table.dim() else 0
    return told
