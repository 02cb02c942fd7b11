"""What binds statistics to a model: the hash of its weights."""

from __future__ import annotations

import hashlib
from typing import Any

from model.instrument.own_model import OwnModel


def weights_hash(reader: Any) -> str:
    """SHA-256 of the weights: of a checkpoint of ours, that of its file; of any other model, that of its tensors by name."""
    if isinstance(reader, OwnModel) and "weights_sha256" in reader.about:
        return str(reader.about["weights_sha256"])
    digest = hashlib.sha256()
    for name, tensor in sorted(reader.model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
