"""The views of the page, in the order of the page: a new view is one file and one line here."""

from viz.page.scene import View
from viz.views import (
    all_heads,
    decoding,
    embeddings,
    joined,
    knockout,
    layers,
    lines,
    one_head,
    origin,
    output,
    pair,
    patch,
    positions,
    query_key_value,
    recurrent,
    roles,
    steps,
    tokens,
)

VIEWS: dict[str, View] = {
    view.slug: view
    for view in (
        all_heads.VIEW,
        one_head.VIEW,
        lines.VIEW,
        roles.VIEW,
        tokens.VIEW,
        embeddings.VIEW,
        positions.VIEW,
        steps.VIEW,
        query_key_value.VIEW,
        joined.VIEW,
        layers.VIEW,
        output.VIEW,
        decoding.VIEW,
        origin.VIEW,
        knockout.VIEW,
        pair.VIEW,
        patch.VIEW,
        recurrent.VIEW,
    )
}
