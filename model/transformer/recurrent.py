"""The recurrent translator that attention was invented for: Bahdanau, Cho and Bengio (2015), https://arxiv.org/abs/1409.0473.

    ids -> embedding -> GRU forwards and GRU backwards -> one annotation h_j per source token                (encoder)
    for each target token:  c_i = attention(s_{i-1}, h);  s_i = GRU([y_{i-1}, c_i], s_{i-1});  logits        (decoder)

Step i needs step i - 1: nothing here can be done side by side, as the transformer does all positions at once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from model.trace.anatomy import EDITS, Anatomy, Kind, Stack
from model.transformer.attention import MaskedSoftmax
from model.transformer.config import CROSS, DECODER, ENCODER, briefly
from model.transformer.dropout import Dropout
from model.transformer.masks import padding_mask
from model.transformer.tied import TiedModel
from model.transformer.transformer import TokenEmbedding

MOST = {"vocabulary_size": 1_000_000, "d_model": 16_384, "d_encoder": 16_384, "d_decoder": 16_384, "d_attention": 16_384,
        "max_length": 4_096}  # what a whole number may be at most  # fmt: skip
PRODUCT = "Its scores come from a small network, v · tanh(W q + U k), not from a product of queries and keys."
STATE = "A recurrent layer overwrites its state at every token; there is no stream that sublayers add to."
ORDER = "It knows the order of the tokens because it reads them one after the other; nothing is added to them."
ONE_HEAD = "It has one head, which is all that the decoder learns of the source: cut its links instead."
NO_SELF = "Its tokens do not attend to tokens of their own sentence."
MISSING = {
    "queries": PRODUCT, "keys": PRODUCT, "residual": STATE, "positions": ORDER, "source_positions": ORDER, "target_positions": ORDER,
    "position_scale": ORDER, "feed_forward": "A recurrent layer has no feed-forward sublayer.", "heads_off": ONE_HEAD,
    "parameters": "They are gates and no heads.", "passes": ONE_HEAD, "gradients": "They would run back through all of its steps.",
    "window": NO_SELF, "causal": "It writes from left to right and has no mask that could be taken away.", "scaled": PRODUCT,
    "patch": STATE, "unembed": STATE,
}  # fmt: skip


@dataclass(frozen=True)
class RecurrentConfig:
    """Hyperparameters of one recurrent translator. Raises ValueError, in words, for a shape that cannot be built."""

    vocabulary_size: int = 8000  # pieces, special tokens and bytes included
    d_model: int = 256  # width of an embedding, and of what is compared with all of them at the end
    d_encoder: int = 256  # state of the encoder in each direction; an annotation is twice as wide
    d_decoder: int = 512  # state of the decoder
    d_attention: int = 256  # hidden units of the network that computes scores
    dropout: float = 0.1  # probability that a feature is zeroed while training
    max_length: int = 500  # tokens of one sentence, its special token included
    pad_id: int = 0  # token id of the padding

    def __post_init__(self) -> None:
        for name, most in MOST.items():
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= most:
                raise ValueError(f"{name} must be a whole number of at least 1 and at most {most:,}, not {briefly(value)}.")
        if type(self.dropout) not in (int, float) or not 0 <= self.dropout < 1:  # NaN is neither
            raise ValueError(f"dropout must be a number from 0 to below 1, not {briefly(self.dropout)}.")
        if type(self.pad_id) is not int or not 0 <= self.pad_id < self.vocabulary_size:
            raise ValueError(f"pad_id must be the id of one of {self.vocabulary_size} pieces, not {briefly(self.pad_id)}.")

    @property
    def masked(self) -> bool:
        """A target token is read when those behind it are not written yet."""
        return True

    def anatomy(self, source: str = "", target: str = "") -> Anatomy:
        """What there is to look at in such a model; source, target: its languages, in words."""
        stacks = (Stack(ENCODER, "Encoder", source, 1, (), "nothing"), Stack(DECODER, "Decoder", target, 1, (CROSS,), "next"))
        cross = Kind(CROSS, "Attention", DECODER, ENCODER, 1, 1, 1, 2 * self.d_encoder, masked=False, scores="additive")
        obeys = EDITS.difference(MISSING)
        return Anatomy(stacks, (cross,), self.d_model, self.vocabulary_size, "none", "none", obeys, MISSING, self.max_length)

    def to_dict(self) -> dict:
        """The fields as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> RecurrentConfig:
        """The reverse of `to_dict`. Raises ValueError that names any unknown field."""
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"Unknown RecurrentConfig fields: {briefly(sorted(unknown))}.")
        return cls(**values)


class AdditiveAttention(nn.Module):
    """c = sum_j softmax_j(v . tanh(W s + U h_j)) h_j: a small network compares the decoder's state with each annotation.

    Every step is a named submodule, so that forward hooks can capture and edit it: `query`, `key`, `energy`, `softmax`, `output`.
    """

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__()
        self.query = nn.Linear(config.d_decoder, config.d_attention)
        self.key = nn.Linear(2 * config.d_encoder, config.d_attention, bias=False)
        self.energy = nn.Linear(config.d_attention, 1, bias=False)
        self.softmax = MaskedSoftmax()
        self.output = nn.Identity()

    def forward(self, state: Tensor, keys: Tensor, memory: Tensor, mask: Tensor, at: int) -> Tensor:
        """state (batch, d_decoder), keys (batch, source, d_attention), memory (batch, source, 2 d_encoder) -> (batch, 2 d_encoder).

        keys: U h, once for all steps. mask: bool (batch, 1, 1, source). at: the target position that asks.
        """
        scores = self.energy(torch.tanh(self.query(state)[:, None] + keys))  # (batch, source, 1)
        weights = self.softmax(scores.transpose(1, 2)[:, None], mask)  # (batch, 1, 1, source): one head, one query
        return self.output(weights[:, 0] @ memory)[:, 0]


class RecurrentEncoder(nn.Module):
    """Source ids -> one annotation per token: what the GRU knows that came from the left, beside what the one from the right knows."""

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__()
        self.max_length = config.max_length
        self.embedding = TokenEmbedding(config.vocabulary_size, config.d_model)
        self.dropout = Dropout(config.dropout)
        self.recurrent = nn.GRU(config.d_model, config.d_encoder, batch_first=True, bidirectional=True)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """ids (batch, source), mask (batch, 1, 1, source) -> annotations (batch, source, 2 d_encoder), zeros at the padding.

        Raises ValueError, in words, for more tokens than the model reads.
        """
        within(ids.size(1), self.max_length)
        lengths = mask.flatten(1).sum(1).cpu()
        packed = pack_padded_sequence(self.dropout(self.embedding(ids)), lengths, batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.recurrent(packed)[0], batch_first=True, total_length=ids.size(1))[0]


class Carried:
    """What the decoder carries from one step to the next: its state (batch, d_decoder), and U h of the source."""

    def __init__(self) -> None:
        self.held: tuple[Tensor, Tensor] | None = None
        self.length = 0  # target positions read

    def select(self, rows: Tensor) -> None:
        """Keep these batch rows, in this order."""
        if self.held is not None:
            self.held = self.held[0][rows], self.held[1][rows]


class RecurrentDecoder(nn.Module):
    """Target ids so far and the annotations -> one state per target token, which is compared with all embeddings."""

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__()
        self.max_length, self.d_encoder = config.max_length, config.d_encoder
        self.embedding = TokenEmbedding(config.vocabulary_size, config.d_model)
        self.dropout = Dropout(config.dropout)
        self.start = nn.Linear(config.d_encoder, config.d_decoder)
        self.attention = AdditiveAttention(config)
        self.cell = nn.GRUCell(config.d_model + 2 * config.d_encoder, config.d_decoder)
        self.readout = nn.Linear(config.d_decoder + 2 * config.d_encoder + config.d_model, config.d_model)
        self.readout_dropout = Dropout(config.dropout)

    def forward(self, ids: Tensor, memory: Tensor, memory_mask: Tensor, carried: Carried | None = None) -> Tensor:
        """ids (batch, target), memory (batch, source, 2 d_encoder) -> (batch, target, d_model).

        carried: of the steps before these ids; it goes on to the last of them. s_0 = tanh(W h_1), of the backward GRU, which
        has read the whole source by then.
        """
        carried = carried or Carried()
        within(carried.length + ids.size(1), self.max_length)
        read = self.dropout(self.embedding(ids))
        state, keys = carried.held or (torch.tanh(self.start(memory[:, 0, self.d_encoder :])), self.attention.key(memory))
        contexts, states = [], []
        for at, token in enumerate(read.unbind(1), carried.length):
            contexts.append(self.attention(state, keys, memory, memory_mask, at))
            state = self.cell(torch.cat([token, contexts[-1]], 1), state)
            states.append(state)
        carried.held, carried.length = (state, keys), carried.length + ids.size(1)
        everything = torch.cat([torch.stack(states, 1), torch.stack(contexts, 1), read], 2)
        return self.readout_dropout(torch.tanh(self.readout(everything)))


class Recurrent(TiedModel):
    """The whole model. One matrix serves as source embedding, target embedding and output layer (Press and Wolf 2017)."""

    def __init__(self, config: RecurrentConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = RecurrentEncoder(config)
        self.decoder = RecurrentDecoder(config)
        self.reset_parameters()
        self.decoder.embedding.weight = self.encoder.embedding.weight

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """source (batch, source), target (batch, target) ids -> logits (batch, target, vocabulary).

        Row t of the logits predicts the token after target[t]. Padding at the end of either is allowed.
        """
        memory, memory_mask = self.encode(source)
        return self.logits(self.decode(target, memory, memory_mask))

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """source ids (batch, source) -> annotations (batch, source, 2 d_encoder) and their mask (batch, 1, 1, source)."""
        mask = padding_mask(source, self.config.pad_id)
        return self.encoder(source, mask), mask

    def decode(self, target: Tensor, memory: Tensor, memory_mask: Tensor, cache: list[Carried] | None = None) -> Tensor:
        """target ids (batch, target) -> what is compared with the embeddings (batch, target, d_model); see `RecurrentDecoder`."""
        return self.decoder(target, memory, memory_mask, cache[0] if cache else None)

    @property
    def tied(self) -> Tensor:
        """Embedding and output layer, (vocabulary, d_model)."""
        return self.decoder.embedding.weight

    def new_cache(self) -> list[Carried]:
        """Nothing carried yet."""
        return [Carried()]

    def reset_parameters(self) -> None:
        """Xavier-uniform matrices, orthogonal ones from state to state (Saxe et al. 2014), zero biases, embeddings as in the transformer."""
        for name, parameter in self.named_parameters():
            if name.endswith("embedding.weight"):
                nn.init.normal_(parameter, std=self.config.d_model**-0.5)
            elif parameter.dim() < 2:
                nn.init.zeros_(parameter)
            elif "weight_hh" in name:
                for gate in parameter.data.chunk(3):
                    nn.init.orthogonal_(gate)
            else:
                nn.init.xavier_uniform_(parameter)


def within(length: int, most: int) -> None:
    """Raise ValueError, in words, for more tokens than a model reads."""
    if length > most:
        raise ValueError(f"The model reads at most {most} tokens, not {length:,}.")
