"""What a reader takes away: the picture, its numbers, the pass behind it, and the code that makes both again. No Streamlit here.

One file a kind: `sheet` (a picture as one HTML file), `files` (a Trace as NPZ and safetensors, under the names of `arrays`), `code`
(Python and notebooks), `tikz`, `handout` (a lesson to print); `formats` lists what the page offers.
"""

from viz.takeaway.files import as_npz, as_safetensors
from viz.takeaway.parcel import Code, Parcel, Picture, Recipe
from viz.takeaway.sheet import Sheet

__all__ = ["Code", "Parcel", "Picture", "Recipe", "Sheet", "as_npz", "as_safetensors"]
