"""Weights that TensorFlow wrote: a `tf_model.h5` of Hugging Face, read without TensorFlow (the extra `headlight[tensorflow]`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

WEIGHTS = "tf_model.h5"
LAST = {"kernel": "weight", "gamma": "weight", "embeddings": "weight", "beta": "bias"}  # what torch calls them


def read_h5(path: Path, model: Any) -> Any:
    """The model with the weights of a file. Raises ValueError, in words, where they are not those of such a model."""
    try:
        import h5py
    except ImportError as error:
        raise ValueError('TensorFlow wrote its weights: install what reads them, pip install "headlight[tensorflow]"') from error
    own, given, names = model.state_dict(), dict[str, torch.Tensor](), list[str]()
    with h5py.File(path) as file:
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        for name in names:
            *scopes, last = name.removesuffix(":0").replace("_._", "/").split("/")  # "…/layer_._0/…/kernel:0"
            parts = [*(scope.split("___")[-1] for scope in scopes), LAST.get(last, last)]
            key = next((key for at in range(len(parts)) if (key := ".".join(parts[at:])) in own), None)
            if key is not None:
                tensor = torch.from_numpy(file[name][()])
                given[key] = tensor.T if last == "kernel" else tensor
    model.load_state_dict(given, strict=False)  # what is tied comes along
    there = {own[key].data_ptr() for key in given}
    lacking = [key for key, tensor in model.named_parameters() if tensor.data_ptr() not in there and "pooler" not in key]
    if lacking:
        raise ValueError(
            f"{path.name} lacks {len(lacking)} tensors of a {type(model).__name__}, {lacking[0]} among them; convert it once with transformers 4"
        )
    return model
