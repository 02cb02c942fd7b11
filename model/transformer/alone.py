"""One stack of the transformer alone, over one sequence: an encoder that fills in, or a decoder that writes on.

    ids -> embedding + position -> [self-attention, feed-forward] x N -> logits

encoder  every token sees all others; some are masked, and row t predicts the token at t      (Devlin et al. 2019)
decoder  the look-ahead mask lets a token see those before it; row t predicts token t + 1     (Radford et al. 2018)
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from model.transformer.attention import KeyValues
from model.transformer.config import DECODER, Config
from model.transformer.masks import causal_mask, padding_mask
from model.transformer.tied import TiedModel
from model.transformer.transformer import EncoderLayer, Stack, reset_parameters


class Alone(TiedModel):
    """The whole model; the embedding serves as output layer, too. An encoder may have two more outputs on top.

    tags: names of labels for every token; classes: for the text, read from its last token, </s>.
    """

    def __init__(self, config: Config, tags: int = 0, classes: int = 0) -> None:
        super().__init__()
        if config.alone is None:
            raise ValueError("A model of one stack has either encoder or decoder layers.")
        self.config, self.side = config, config.alone
        layers = config.encoder_layers + config.decoder_layers
        self.add_module(self.side, Stack(config, [EncoderLayer(config) for _ in range(layers)]))
        self.tagger = nn.Linear(config.d_model, tags) if tags else None
        self.classifier = nn.Linear(config.d_model, classes) if classes else None
        reset_parameters(self)

    @property
    def stack(self) -> Stack:
        """Its one stack."""
        stack = self.get_submodule(self.side)
        assert isinstance(stack, Stack)
        return stack

    @property
    def stacks(self) -> dict[str, Stack]:
        """The same by name."""
        return {self.side: self.stack}

    def forward(self, ids: Tensor) -> Tensor:
        """ids (batch, position) -> logits (batch, position, vocabulary). Padding at the end is allowed."""
        return self.logits(self.read(ids))

    def read(self, ids: Tensor, cache: list[KeyValues] | None = None) -> Tensor:
        """ids (batch, position) -> states behind the last norm (batch, position, d_model).

        With a `cache`, ids are only the positions that it does not hold yet; that makes sense with the look-ahead mask alone.
        """
        offset = cache[0].length if cache else 0
        mask, x = self.mask(ids, offset), self.stack.embed(ids, offset)
        for index, layer in enumerate(self.stack.layers):
            x = layer(x, mask, cache[index] if cache else None)
        return self.stack.norm(x)

    def mask(self, ids: Tensor, offset: int = 0) -> Tensor:
        """Who may see whom among ids (batch, position), the first of which stands at `offset`."""
        causal = self.side == DECODER and self.config.masked
        return causal_mask(ids.size(1), offset, ids.device) if causal else padding_mask(ids, self.config.pad_id)

    @property
    def tied(self) -> Tensor:
        """Embedding and output layer, (vocabulary, d_model)."""
        return self.stack.embedding.weight

    def labelled(self, ids: Tensor, each: bool) -> Tensor:
        """ids (batch, position) -> logits of labels: of each token (batch * position, tag), or of the text (batch, class).

        Raises ValueError where the model has no such output.
        """
        output = self.tagger if each else self.classifier
        if output is None:
            raise ValueError("This model has no such output.")
        states = self.read(ids)
        if each:
            return output(states.flatten(0, 1))
        last = (ids != self.config.pad_id).sum(1) - 1
        return output(states[torch.arange(len(ids), device=ids.device), last])

    def new_cache(self) -> list[KeyValues]:
        """An empty key/value cache, one entry per layer."""
        return [KeyValues() for _ in self.stack.layers]
