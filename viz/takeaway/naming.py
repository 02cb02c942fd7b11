"""Names of files: what is in them, and of which sentence. The browser names pictures alike (viz/canvas/takeaway/caption.js)."""

from __future__ import annotations

import re

from viz.takeaway.parcel import Parcel

LONGEST = 60  # characters of a part


def file_name(parcel: Parcel, ending: str) -> str:
    """headlight_one-head-cross-attention-layer-4-head-7_the-cat-sat.csv."""
    title = parcel.picture.title if parcel.picture else parcel.title
    return f"{'_'.join(filter(None, ['headlight', slug(title), slug(parcel.recipe.text)]))}.{ending}"


def slug(text: str) -> str:
    """Text as part of a file's name: letters and digits of any script, the rest as hyphens, not too long."""
    words = re.sub(r"[\W_]+", "-", text.lower()).strip("-")
    return words[:LONGEST].rstrip("-")
