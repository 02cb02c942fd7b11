"""The encoder-decoder transformer of Vaswani et al. (2017), top-down and without tricks. Read it in one sitting.

    ids -> embedding + position -> [self-attention, feed-forward] x N -> memory                              (encoder)
    ids -> embedding + position -> [masked self-attention, cross-attention, feed-forward] x N -> logits      (decoder)

Every named submodule is a site: its forward hook can read and edit what it returns (see model/instrument/sites.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor, nn

from model.transformer.attention import KeyValues, MultiHeadAttention
from model.transformer.config import DECODER, ENCODER, Config
from model.transformer.dropout import Dropout
from model.transformer.masks import causal_mask, padding_mask
from model.transformer.positions import positions_for
from model.transformer.tied import TiedModel


class TokenEmbedding(nn.Embedding):
    """Learned vector of each token, times sqrt(d_model) (section 3.4)."""

    def forward(self, ids: Tensor) -> Tensor:
        """ids (batch, position) -> (batch, position, d_model)."""
        return super().forward(ids) * math.sqrt(self.embedding_dim)


class FeedForward(nn.Module):
    """FFN(x) = max(0, x W_1 + b_1) W_2 + b_2, the same at every position (section 3.3)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.expand = nn.Linear(config.d_model, config.d_ff)
        self.relu = nn.ReLU()
        self.contract = nn.Linear(config.d_ff, config.d_model)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, position, d_model) -> (batch, position, d_model), through d_ff units."""
        return self.contract(self.relu(self.expand(x)))


class Residual(nn.Module):
    """The residual connection around one sublayer: what goes by, plus what the sublayer writes.

    pre-norm   x + sublayer(LayerNorm(x))      (`norm_first`; Xiong et al. 2020)
    post-norm  LayerNorm(x + sublayer(x))      (Vaswani et al. 2017, section 3.1)
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.norm_first = config.norm_first
        self.norm = nn.LayerNorm(config.d_model)
        self.dropout = Dropout(config.dropout)

    def forward(self, x: Tensor, sublayer: Callable[[Tensor], Tensor]) -> Tensor:
        """x (batch, position, d_model) -> the next point of the residual stream, same shape."""
        if self.norm_first:
            return x + self.dropout(sublayer(self.norm(x)))
        return self.norm(x + self.dropout(sublayer(x)))


class EncoderLayer(nn.Module):
    """Self-attention, then feed-forward: a layer of an encoder, and of a decoder that has no encoder beside it."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(config.d_model, config.heads)
        self.attention_residual = Residual(config)
        self.feed_forward = FeedForward(config)
        self.feed_forward_residual = Residual(config)

    def forward(self, x: Tensor, mask: Tensor, cache: KeyValues | None = None) -> Tensor:
        """x (batch, source, d_model), mask broadcastable to (batch, head, source, source) -> (batch, source, d_model)."""
        x = self.attention_residual(x, lambda h: self.attention(h, h, mask, cache))
        return self.feed_forward_residual(x, self.feed_forward)


class DecoderLayer(nn.Module):
    """Masked self-attention, cross-attention to the encoder's states, then feed-forward."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(config.d_model, config.heads)
        self.attention_residual = Residual(config)
        self.cross_attention = MultiHeadAttention(config.d_model, config.heads)
        self.cross_attention_residual = Residual(config)
        self.feed_forward = FeedForward(config)
        self.feed_forward_residual = Residual(config)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor, memory_mask: Tensor, cache: LayerCache | None = None) -> Tensor:
        """x (batch, target, d_model), memory (batch, source, d_model) -> (batch, target, d_model).

        mask (…, target, target) for self-attention, memory_mask (batch, 1, 1, source) for cross-attention.
        """
        own, cross = (cache.attention, cache.cross_attention) if cache else (None, None)
        x = self.attention_residual(x, lambda h: self.attention(h, h, mask, own))
        x = self.cross_attention_residual(x, lambda h: self.cross_attention(h, memory, memory_mask, cross))
        return self.feed_forward_residual(x, self.feed_forward)


class LayerCache:
    """What one decoder layer remembers between decoding steps."""

    def __init__(self) -> None:
        self.attention = KeyValues()
        self.cross_attention = KeyValues()

    def select(self, rows: Tensor) -> None:
        """Keep these batch rows, in this order."""
        self.attention.select(rows)
        self.cross_attention.select(rows)


class Stack(nn.Module):
    """Embedding, positions, layers and closing norm of one side: what encoder and decoder share."""

    def __init__(self, config: Config, layers: list[nn.Module]) -> None:
        super().__init__()
        self.embedding = TokenEmbedding(config.vocabulary_size, config.d_model)
        self.positions = positions_for(config)
        self.max_length = config.max_length
        self.dropout = Dropout(config.dropout)
        self.layers = nn.ModuleList(layers)
        self.norm = nn.LayerNorm(config.d_model) if config.norm_first else nn.Identity()

    @property
    def blocks(self) -> list[EncoderLayer | DecoderLayer]:
        """The layers, as what they are."""
        return [layer for layer in self.layers if isinstance(layer, EncoderLayer | DecoderLayer)]

    def embed(self, ids: Tensor, offset: int = 0) -> Tensor:
        """ids (batch, position) -> the first point of the residual stream (batch, position, d_model).

        Raises ValueError, in words, for more positions than the model has.
        """
        if offset + ids.size(1) > self.max_length:
            raise ValueError(f"The model reads at most {self.max_length} tokens, not {offset + ids.size(1):,}.")
        return self.dropout(self.embedding(ids) + self.positions(ids.size(1), offset))


class Encoder(Stack):
    """Source ids -> one state per source token."""

    def __init__(self, config: Config) -> None:
        super().__init__(config, [EncoderLayer(config) for _ in range(config.encoder_layers)])

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """ids (batch, source), mask (batch, 1, 1, source) -> memory (batch, source, d_model)."""
        x = self.embed(ids)
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x)


class Decoder(Stack):
    """Target ids so far and the encoder's states -> one state per target token."""

    def __init__(self, config: Config) -> None:
        super().__init__(config, [DecoderLayer(config) for _ in range(config.decoder_layers)])
        self.masked, self.pad_id = config.masked, config.pad_id

    def forward(self, ids: Tensor, memory: Tensor, memory_mask: Tensor, cache: list[LayerCache] | None = None) -> Tensor:
        """ids (batch, target), memory (batch, source, d_model) -> states (batch, target, d_model).

        With a `cache`, ids are only the positions that it does not hold yet; a decoder without the look-ahead mask has to
        read all of them at every step. With it, real tokens do not see the padding behind them either.
        """
        offset = cache[0].attention.length if cache else 0
        mask = self.mask(ids, offset)
        x = self.embed(ids, offset)
        for index, layer in enumerate(self.layers):
            x = layer(x, memory, mask, memory_mask, cache[index] if cache else None)
        return self.norm(x)

    def mask(self, ids: Tensor, offset: int = 0) -> Tensor:
        """Who may see whom among the target ids (batch, target), the first of which stands at `offset`."""
        return causal_mask(ids.size(1), offset, ids.device) if self.masked else padding_mask(ids, self.pad_id)


class Transformer(TiedModel):
    """The whole model. One matrix serves as source embedding, target embedding and output layer (section 3.4)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        reset_parameters(self)
        self.decoder.embedding.weight = self.encoder.embedding.weight

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """source (batch, source), target (batch, target) ids -> logits (batch, target, vocabulary).

        Row t of the logits predicts the token after target[t]. Padding at the end of either is allowed.
        """
        memory, memory_mask = self.encode(source)
        return self.logits(self.decode(target, memory, memory_mask))

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """source ids (batch, source) -> memory (batch, source, d_model) and its mask (batch, 1, 1, source)."""
        mask = padding_mask(source, self.config.pad_id)
        return self.encoder(source, mask), mask

    def decode(self, target: Tensor, memory: Tensor, memory_mask: Tensor, cache: list[LayerCache] | None = None) -> Tensor:
        """target ids (batch, target) -> decoder states (batch, target, d_model); see `Decoder.forward`."""
        return self.decoder(target, memory, memory_mask, cache)

    @property
    def tied(self) -> Tensor:
        """Embedding and output layer, (vocabulary, d_model)."""
        return self.decoder.embedding.weight

    @property
    def stacks(self) -> dict[str, Stack]:
        """Encoder and decoder, by name."""
        return {ENCODER: self.encoder, DECODER: self.decoder}

    def new_cache(self) -> list[LayerCache]:
        """An empty key/value cache, one entry per decoder layer."""
        return [LayerCache() for _ in self.decoder.layers]


def reset_parameters(model: nn.Module) -> None:
    """Xavier-uniform matrices, zero biases, embeddings of standard deviation 1 / sqrt(d_model)."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=module.embedding_dim**-0.5)
