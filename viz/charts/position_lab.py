"""The laboratory of positions: wavelengths, spectrum, dot products, and what another order of the words does."""

from __future__ import annotations

import math

import plotly.graph_objects as go
import torch
from torch import Tensor

from model.analysis import attention as analysis
from model.analysis.permutation import Permuted
from model.trace.tokens import Tokens
from viz.charts.parts.matrix import label_size, steps, text_width, to_array
from viz.charts.parts.words import LONG, quoted_names, token_ticks
from viz.theme import LABEL_SIZE, LIGHT, MONO, Palette, markup, mix, plotly_axis, plotly_layout, plotly_title, small

HEIGHT = 330  # px
STARTS = 4  # positions from which dot products are drawn
FLOOR = 1e-9  # the smallest difference on the logarithmic axis


def wavelength_chart(d_model: int, tokens: int, longest: int, colours: Palette = LIGHT) -> go.Figure:
    """Wavelength of every pair of dimensions of the sinusoidal encoding, in positions, on a logarithmic axis.

    lambda_i = 2 pi 10000^(2i / d_model) (Vaswani et al. 2017, section 3.5). Lines mark the present sentence and the longest one:
    a pair above a line does not complete one turn within it. tokens, longest: lengths in positions.
    """
    waves = analysis.wavelengths(d_model)
    pairs = list(range(len(waves)))
    slow = [wave > tokens for wave in waves.tolist()]
    dots = go.Scatter(
        x=pairs, y=waves.tolist(), mode="markers", name="wavelength",
        marker={"size": 6, "color": [colours.soft if late else colours.encoder for late in slow]},
        hovertemplate="dimensions %{customdata}: one turn in <b>%{y:.1f}</b> positions<extra></extra>",
        customdata=[f"{2 * pair} and {2 * pair + 1}" for pair in pairs],
    )  # fmt: skip
    shapes = [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": at,
            "y1": at,
            "line": {"color": colours.soft, "width": 1, "dash": "dot"},
        }
        for at in (tokens, longest)
    ]
    notes = [
        {"xref": "paper", "x": 1, "xanchor": "right", "y": math.log10(at), "yanchor": "top", "text": text, "showarrow": False,
         "font": {"size": LABEL_SIZE, "color": colours.soft}}
        for at, text in ((tokens, f"this sentence: {tokens} tokens"), (longest, f"the longest: {longest}"))
    ]  # fmt: skip
    ticks = {"tickvals": [10, 100, 1000, 10000], "ticktext": ["10", "100", "1,000", "10,000"]}
    layout = plotly_layout(
        colours, height=HEIGHT, margin={"l": 62, "r": 12, "t": 34, "b": 46}, shapes=shapes, annotations=notes,
        title=plotly_title(colours, "wavelength = 2π · 10000^(2i / d_model), positions"),
        xaxis=plotly_axis(colours, title=f"pair of dimensions i, 0 to {len(pairs) - 1}", fixedrange=True, automargin=False),
        yaxis=plotly_axis(colours, type="log", showgrid=True, fixedrange=True, automargin=False, **ticks),
    )  # fmt: skip
    return go.Figure([dots], layout)


def spectrum_chart(encodings: dict[str, Tensor], colours: Palette = LIGHT) -> go.Figure:
    """How much of an encoding changes at which pace: mean power over the dimensions of its Fourier transform over positions.

    encodings: name -> (position, d_model), the mean over positions taken away first. Power at frequency f, as a share of all:
    mean_d |sum_p x[p, d] e^(-2 pi i f p)|^2; the axis shows the wavelength 1 / f in positions.
    """
    parts, shades = [], (colours.encoder, colours.decoder, colours.soft)
    for (name, encoding), colour in zip(encodings.items(), shades, strict=False):
        power = torch.fft.rfft((encoding - encoding.mean(0)).float(), dim=0).abs().square().mean(1)[1:]
        waves = encoding.size(0) / torch.arange(1, len(power) + 1)
        share = power / power.sum().clamp_min(1e-12)
        hover = f"{markup(name)}: wavelength %{{x:.1f}} positions, <b>%{{y:.1%}}</b> of the power<extra></extra>"
        line = {"color": colour, "width": 1.5}
        dots = {"mode": "lines+markers", "marker": {"size": 4}}
        parts.append(go.Scatter(x=waves.tolist(), y=to_array(share), name=name, line=line, hovertemplate=hover, **dots))
    shares = [share for part in parts for share in part.y if share > 0]
    reach = [math.log10(min([0.004, *shares])) - 0.1, math.log10(max([0.06, *shares])) + 0.1]  # at least a decade, for its labels
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": LABEL_SIZE}}
    layout = plotly_layout(
        colours, height=HEIGHT, margin={"l": 62, "r": 12, "t": 34, "b": 46}, showlegend=len(parts) > 1, legend=legend,
        xaxis=plotly_axis(colours, title="wavelength, positions", type="log", fixedrange=True, automargin=False,
                          tickvals=[2, 5, 10, 20, 50, 100, 200, 500]),
        yaxis=plotly_axis(colours, title="share of the power", type="log", showgrid=True, fixedrange=True, automargin=False,
                          dtick="D2", tickformat="~%", range=reach),
    )  # fmt: skip
    return go.Figure(parts, layout)


def dot_products(encoding: Tensor, colours: Palette = LIGHT) -> go.Figure:
    """Dot product of position p with position p + k, over the distance k, for a few p: (position, d_model).

    Where the lines lie on each other, the product depends on the distance alone: a head can learn to look "three to the left". For
    sinusoids they do: sin a sin b + cos a cos b = cos(a - b), so the product is sum_i cos(k w_i), with w_i = 10000^(-2i / d_model).
    """
    length = encoding.size(0)
    products = encoding.float() @ encoding.float().T
    starts = sorted({round(share * (length - 1)) for share in (0, 0.25, 0.5, 1)})[:STARTS]
    parts = []
    for index, start in enumerate(starts):
        shade = mix(colours.encoder, colours.decoder, index / max(1, len(starts) - 1))
        parts.append(
            go.Scatter(
                x=[at - start for at in range(length)],
                y=to_array(products[start]),
                mode="lines",
                name=f"from position {start + 1}",
                line={"color": shade, "width": 2},
                hovertemplate=f"positions {start + 1} and {start + 1} + %{{x}}: <b>%{{y:.2f}}</b><extra></extra>",
            )
        )
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": LABEL_SIZE}}
    layout = plotly_layout(
        colours,
        height=HEIGHT,
        margin={"l": 62, "r": 12, "t": 34, "b": 46},
        showlegend=True,
        legend=legend,
        xaxis=plotly_axis(colours, title="distance k, positions", fixedrange=True, automargin=False),
        yaxis=plotly_axis(colours, title="dot product", showgrid=True, fixedrange=True, automargin=False),
    )
    return go.Figure(parts, layout)


def order_differences(permuted: Permuted, tokens: Tokens, colours: Palette = LIGHT) -> go.Figure:
    """The largest change of every token's encoder state when the words change their order: with positions, and without.

    On a logarithmic axis; nothing at all is drawn at FLOOR. Grey: the largest number of the state itself, to compare with. The
    hover also says how long the whole change is, as a share of the state's length.
    """
    (values, texts), size = steps(token_ticks(tokens, colours)), label_size(min(len(tokens), LONG))
    places, names = list(range(1, len(tokens) + 1)), [markup(name) for name in quoted_names(tokens)]
    series = (
        ("size of the state", permuted.scale, None, colours.soft, "line-ew-open"),
        ("with positions", permuted.with_positions, permuted.with_share, colours.decoder, "circle"),
        ("without positions", permuted.without_positions, permuted.without_share, colours.encoder, "diamond"),
    )
    dots = [
        go.Scatter(
            x=places, y=to_array(numbers.clamp_min(FLOOR)), mode="markers", name=name, customdata=_hover(names, numbers, shares),
            marker={"color": colour, "symbol": symbol, "size": 9 if len(places) <= LONG else 4, "line": {"color": colour, "width": 2}},
            hovertemplate=f"%{{customdata[0]}}, {name}: <b>%{{customdata[2]}}</b>%{{customdata[1]}}<extra></extra>",
        )
        for name, numbers, shares, colour, symbol in series
    ]  # fmt: skip
    room, exponents = text_width(texts, size) + 16, torch.cat([numbers for _, numbers, *_ in series]).clamp_min(FLOOR).log10()
    low, high = min(-7.0, float(exponents.min())), max(1.0, float(exponents.max()))
    reach = [low - 0.3, high + 0.3]  # the same for most sentences and changes
    layout = plotly_layout(
        colours, height=round(300 + room), margin={"l": 70, "r": 12, "t": 34, "b": room}, showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": LABEL_SIZE}, "itemclick": False},
        xaxis=plotly_axis(colours, range=[0.4, len(places) + 0.6], tickvals=values, ticktext=texts, tickangle=-90, automargin=False,
                          fixedrange=True, tickfont={"family": MONO, "size": size, "color": colours.ink}),
        yaxis=plotly_axis(colours, title="largest change of a number", type="log", range=reach, dtick=2, exponentformat="power",
                          showgrid=True, fixedrange=True, automargin=False),
    )  # fmt: skip
    return go.Figure(dots, layout)


def _hover(names: list[str], numbers: Tensor, shares: Tensor | None) -> list[tuple[str, str, str]]:
    """Every token's name, how long its change is beside its state, and the change itself."""
    if shares is None:
        return [(name, "", small(value)) for name, value in zip(names, numbers.tolist(), strict=True)]
    shares_in_words = (f"; the whole change is {small(part)} × as long as the state" for part in shares.tolist())
    return list(zip(names, shares_in_words, map(small, numbers.tolist()), strict=True))
