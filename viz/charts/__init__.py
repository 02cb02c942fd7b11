"""Charts as pure functions, Trace in and chart out: Plotly for matrices, Altair for statistics; both show in Jupyter."""

from viz.charts.beam import hypotheses_tree
from viz.charts.change import prediction_change_bars, state_change_heatmap
from viz.charts.coreference import decision_map
from viz.charts.embeddings import embedding_map, neighbours_bar, outline_token, token_paths
from viz.charts.growth import chain_lines, score_lines, time_lines
from viz.charts.head_scatter import head_scatter
from viz.charts.heads import change_sentence, difference_heatmap, head_heatmap, head_sentence
from viz.charts.joined import concat_heatmap, contribution_heatmap, heads_of_token
from viz.charts.knockout import knockout_bars, knockout_map
from viz.charts.layers import (
    firing_heatmap,
    norm_comparison,
    norm_strips,
    other_norms,
    token_growth,
    unit_bars,
    unit_over_tokens,
    written_cosine_heatmap,
)
from viz.charts.origin import agreement_heatmap, origin_bars
from viz.charts.output import lens_heatmap, lens_of_row, loss_bars, probability_bars, top_pieces_table
from viz.charts.patch import patch_map
from viz.charts.position_lab import dot_products, order_differences, spectrum_chart, wavelength_chart
from viz.charts.positions import added_norms, added_to_sentence, encoding_heatmap, encoding_waves, position_similarity
from viz.charts.query_key_value import query_key_value, score_parts
from viz.charts.residual import residual_norms, written_shares
from viz.charts.roles import role_map
from viz.charts.score_sources import score_sources_map, value_sources_bars
from viz.charts.tokens import merge_tree

__all__ = [
    "added_norms",
    "added_to_sentence",
    "agreement_heatmap",
    "chain_lines",
    "change_sentence",
    "concat_heatmap",
    "contribution_heatmap",
    "decision_map",
    "difference_heatmap",
    "dot_products",
    "embedding_map",
    "encoding_heatmap",
    "encoding_waves",
    "firing_heatmap",
    "head_heatmap",
    "head_scatter",
    "head_sentence",
    "heads_of_token",
    "hypotheses_tree",
    "knockout_bars",
    "knockout_map",
    "lens_heatmap",
    "lens_of_row",
    "loss_bars",
    "merge_tree",
    "neighbours_bar",
    "norm_comparison",
    "norm_strips",
    "order_differences",
    "origin_bars",
    "other_norms",
    "outline_token",
    "patch_map",
    "position_similarity",
    "prediction_change_bars",
    "probability_bars",
    "query_key_value",
    "residual_norms",
    "role_map",
    "score_lines",
    "score_parts",
    "score_sources_map",
    "spectrum_chart",
    "state_change_heatmap",
    "time_lines",
    "token_growth",
    "token_paths",
    "top_pieces_table",
    "training_curve",
    "unit_bars",
    "unit_over_tokens",
    "value_sources_bars",
    "wavelength_chart",
    "written_cosine_heatmap",
    "written_shares",
]


def __getattr__(name: str):
    """`training_curve`, imported when it is first asked for, so that `python -m viz.charts.training` runs the module once."""
    if name == "training_curve":
        from viz.charts.training import training_curve

        return training_curve
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
