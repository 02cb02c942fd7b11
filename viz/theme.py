"""One palette, one type scale, one way to write a token or a number; feeds every chart library and the page."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from html import escape
from typing import Any

from model.trace.anatomy import QUERY_STREAM
from model.trace.tokens import SENTENCEPIECE, Notation, Tokens
from model.transformer.config import Config

SANS = '"Source Sans", "Source Sans Pro", "Segoe UI", system-ui, sans-serif'
MONO = '"Source Code Pro", ui-monospace, "SF Mono", Menlo, Consolas, monospace'
SHADE_POWER = 0.65  # colour follows weight ** SHADE_POWER, so that faint attention can be seen
SHADED_WEIGHT, SHADED_CHANGE = "weight, faint ones made visible", "change, small ones made visible"  # the same in a legend
LABEL_SIZE = 13  # px: tick and token labels, readable on a projector at 1280 x 720
TITLE_SIZE = 14  # px: axis titles, legends, hover
LONGEST_LABEL = 12  # characters of a token beside a picture or in a table; the hover has the rest
LONGEST_PAIR = 13  # of two tokens on one line, read → made, the arrow left out
MINUS = "−"
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SPACE_MARK = "·"  # how a space in front of a piece is written

LANGUAGE_CODES = {"English": "en", "French": "fr"}  # as HTML's `lang` has them
KIND_TITLES = {kind.name: kind.title for kind in Config().anatomy().kinds} | {QUERY_STREAM: "Query stream"}  # where no Anatomy is
KIND_COLOURS = ("encoder", "decoder", "cross")  # fields of a Palette, as style sheets call them: --encoder, --decoder, --cross


@dataclass(frozen=True)
class Palette:
    """Colours of one theme, as #rrggbb."""

    name: str  # "light" or "dark"
    page: str
    card: str
    ink: str
    soft: str  # secondary text; AA on page and card
    line: str
    chip: str
    encoder: str
    decoder: str
    cross: str
    negative: str  # the lower end of diverging maps
    positive: str  # the upper end
    zero: str  # the middle, always the value 0
    feed_forward: str  # the feed-forward sublayer, beside the attention colours

    def kind(self, kind: str) -> str:
        """Colour of a kind of attention, or of a stack, by its name; a name that has no colour of its own shares the first."""
        colour: str = getattr(self, kind if kind in KIND_COLOURS else KIND_COLOURS[0])
        return colour


LIGHT = Palette(
    "light", "#fbfaf7", "#ffffff", "#1d1c1a", "#6b6861", "#e4e0d8", "#f1eee7",
    "#0071b0", "#b84715", "#007556", "#b2456e", "#2a6fb0", "#ffffff", "#82764f",
)  # fmt: skip
DARK = Palette(
    "dark", "#131519", "#1a1d22", "#ece9e2", "#9a978f", "#2a2d33", "#23262c",
    "#5ab4e8", "#f09a5e", "#3cc79c", "#e77ba3", "#6db3f2", "#1a1d22", "#b5a97c",
)  # fmt: skip
PALETTES = {"light": LIGHT, "dark": DARK}


def palette(name: str | None) -> Palette:
    """The palette of a theme; light where the theme is unknown."""
    return PALETTES.get(name or "light", LIGHT)


def mix(start: str, end: str, share: float) -> str:
    """The colour `share` (0..1) of the way from one #rrggbb to another."""
    first, second = ([int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in (start, end))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(first, second, strict=True))


def kind_title(kind: str) -> str:
    """The title of a kind of attention by its name alone; where there is a Trace, its Anatomy has the title."""
    return KIND_TITLES.get(kind, f"{kind.capitalize()} attention")


def sequential(colours: Palette, kind: str, steps: int = 32) -> list[list]:
    """Colour scale from the card's colour (0) to the kind's (1) along weight ** SHADE_POWER: [[share, colour], ...]."""
    end = colours.kind(kind)
    return [[step / steps, mix(colours.card, end, (step / steps) ** SHADE_POWER)] for step in range(steps + 1)]


def diverging(colours: Palette) -> list[list]:
    """Colour scale for a range that is symmetric about zero."""
    return [[0.0, colours.negative], [0.5, colours.zero], [1.0, colours.positive]]


def diverging_weights(colours: Palette, steps: int = 16) -> list[list]:
    """Colour scale for changes of weights, -1 to 1: along |change| ** SHADE_POWER on both sides of the fixed zero."""
    sides = ((colours.negative, -1), (colours.positive, 1))
    stops = {0.5: colours.zero}
    for end, sign in sides:
        for step in range(1, steps + 1):
            stops[0.5 + sign * step / steps / 2] = mix(colours.zero, end, (step / steps) ** SHADE_POWER)
    return [[share, stops[share]] for share in sorted(stops)]


def token_label(piece: str, notation: Notation = SENTENCEPIECE) -> str:
    """A piece as people read it: the space in front as a space mark."""
    if notation.space:
        return _byte_character(piece).replace(notation.space, SPACE_MARK)
    return notation.surface(piece) if notation.is_glued(piece) else SPACE_MARK + piece


def cut(text: str, most: int = LONGEST_LABEL) -> str:
    """A label that is never longer than `most` characters: the rest is “…”, and the hover has the whole."""
    return text if len(text) <= most else text[: most - 1] + "…"


def cut_pair(token: str, product: str, most: int = LONGEST_PAIR) -> tuple[str, str]:
    """Two labels that share a line, read → made, cut to `most` characters together; what is produced keeps more of it."""
    product = cut(product, max(most - len(token), (most + 1) // 2))
    return cut(token, most - len(product)), product


def word_label(piece: str, notation: Notation = SENTENCEPIECE) -> str:
    """A piece inside a sentence in words: without the space in front; a lone space stays visible."""
    return notation.surface(_byte_character(piece)) or SPACE_MARK


def piece_name(piece: str) -> str:
    """A piece of the vocabulary in a hover: its label, and of a byte also the byte: 7 <0x37>."""
    return token_label(piece) + byte_note(piece)


def byte_note(piece: str) -> str:
    """The byte behind an ASCII character that the vocabulary has only as a byte; nothing for any other piece."""
    return f" {piece}" if _byte_character(piece) != piece else ""


def _byte_character(piece: str) -> str:
    """A byte piece by itself as the ASCII character that it is; any other byte is only part of a character and stays <0xE2>."""
    code = int(piece[3:5], 16) if re.fullmatch("<0x[0-9A-F]{2}>", piece) else 0
    return chr(code) if 32 < code < 127 else piece


def quoted(piece: str, notation: Notation = SENTENCEPIECE) -> str:
    """A piece inside a sentence: “chat”."""
    return f"“{word_label(piece, notation)}”"


def token_labels(tokens: Tokens) -> list[str]:
    """Labels of all tokens, in order; repeated pieces stay separate by position."""
    apart = zip(tokens.shown, tokens.special, strict=True)
    return [piece if special else token_label(piece, tokens.notation) for piece, special in apart]


def word_labels(tokens: Tokens, named: bool = False) -> list[str]:
    """All tokens as words, in order, without the marks of their vocabulary; named: repeated pieces are told apart by a number."""
    return [word_label(piece, tokens.notation) for piece in (tokens.named if named else tokens.shown)]


def number(value: float, digits: int = 2) -> str:
    """A weight, a norm or a logit: fixed digits and a real minus. A tiny value above 0 is not written as zero, but as <0.01."""
    smallest = 10.0**-digits
    if 0 < value < smallest / 2:
        return f"<{smallest:.{digits}f}"
    return _without_zero_sign(f"{value:.{digits}f}")


def signed(value: float, digits: int = 2) -> str:
    """A change: +0.12, −1.23; what rounds to zero has no sign."""
    return _without_zero_sign(f"{value:+.{digits}f}")


def digits(value: float) -> str:
    """A number to four digits at most, without zeros behind them: as a table has it."""
    text = f"{value:.4g}"
    return small(value) if "e" in text else _without_zero_sign(text)


def share(value: float, digits: int = 0) -> str:
    """A share with its sign: +12%, −3%, 0%."""
    return _without_zero_sign(f"{value:+.{digits}%}")


def small(value: float) -> str:
    """A number of any size with two digits that count, and no exponent but a power of ten: 1,200, 0.0043, 4.4 × 10⁻⁶."""
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e7:
        digits = max(0, 1 - math.floor(math.log10(abs(value))))
        return f"{value:,.{digits}f}".replace("-", MINUS)
    mantissa, exponent = f"{value:.1e}".replace("-", MINUS, int(value < 0)).split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(RAISED)}"


def _without_zero_sign(text: str) -> str:
    """The same number with a real minus; zero without a sign."""
    if not text.strip("+-0.%"):
        return text.lstrip("+-")
    return text.replace("-", MINUS)


def markup(text: str) -> str:
    """Text for Plotly, which reads a little HTML and, with MathJax, $formulas$: shown as it is, whatever is in it."""
    return escape(text, quote=False).replace("$", "&#36;")


def tinted(text: str, colour: str) -> str:
    """Text for Plotly in a colour of its own."""
    return f'<span style="color:{colour}">{markup(text)}</span>'


def plotly_layout(colours: Palette, **more) -> dict:
    """Layout of every Plotly figure: transparent, quiet, in the theme's ink. `more` is merged over it, key by key."""
    font = {"family": SANS, "size": LABEL_SIZE, "color": colours.ink}
    layout = {
        "template": "none",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": font,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "hoverlabel": {
            "bgcolor": colours.card, "bordercolor": colours.soft, "align": "left", "namelength": -1,
            "font": {"family": SANS, "size": TITLE_SIZE, "color": colours.ink},
        },
        "modebar": {
            "remove": ["select2d", "lasso2d", "autoScale2d"], "bgcolor": "rgba(0,0,0,0)",
            "color": colours.soft, "activecolor": colours.ink,
        },
        "dragmode": "zoom",
        "showlegend": False,
    }  # fmt: skip
    return {**layout, **more}


def plotly_axis(colours: Palette, **more) -> dict:
    """One axis of a Plotly figure: no zero line, hairline grid off, labels in ink, title in soft ink."""
    title = more.pop("title", None)
    axis = {
        "showgrid": False, "zeroline": False, "showline": False, "ticks": "", "automargin": True,
        "gridcolor": colours.line, "linecolor": colours.line, "tickfont": {"size": LABEL_SIZE, "color": colours.ink},
    }  # fmt: skip
    if title:
        axis["title"] = {"text": title, "font": {"size": TITLE_SIZE, "color": colours.soft}}
    return {**axis, **more}


def plotly_title(colours: Palette, text: str) -> dict:
    """A quiet line at the upper left of a figure: what its colours or its axis show."""
    place = {"xref": "container", "x": 0, "xanchor": "left", "yref": "container", "y": 1, "yanchor": "top"}
    return {"text": text, **place, "pad": {"l": 10, "t": 6}, "font": {"size": LABEL_SIZE, "color": colours.soft}}


def plotly_colour_bar(colours: Palette, **more) -> dict:
    """A quiet horizontal colour bar in the upper left corner of a figure, under its title."""
    bar = {
        "orientation": "h", "xref": "container", "x": 0, "xanchor": "left", "yref": "container", "y": 1, "yanchor": "top",
        "xpad": 10, "ypad": 28, "thickness": 10, "len": 200, "lenmode": "pixels", "outlinewidth": 1,
        "outlinecolor": colours.line, "ticks": "", "ticklabeloverflow": "allow",
        "tickfont": {"size": LABEL_SIZE, "color": colours.soft},
    }  # fmt: skip
    return {**bar, **more}


def grown(size: int) -> dict:
    """A font size of an Altair chart, px, that grows on large screens as the page's type does in viz/page/page.css."""
    return {"expr": f"windowSize()[0] >= 1800 && windowSize()[1] >= 900 ? {round(size * 20 / 16)} : {size}"}


def fixed(spec: Any) -> Any:
    """A Vega-Lite specification whose type does not grow with the screen, for one that is enlarged as a whole."""
    if isinstance(spec, dict):
        size = re.fullmatch(r"windowSize\(\)\[0\] .* : (\d+)", str(spec.get("expr", "")))
        return int(size[1]) if size else {name: fixed(value) for name, value in spec.items()}
    return [fixed(value) for value in spec] if isinstance(spec, list) else spec


def altair_theme(colours: Palette) -> dict:
    """The Vega-Lite config of every Altair chart, as `alt.theme` and `Chart.configure` take it: {"config": {...}}."""
    text = {"labelFont": SANS, "titleFont": SANS, "labelFontSize": grown(LABEL_SIZE), "titleFontSize": grown(TITLE_SIZE)}
    soft = {"labelColor": colours.soft, "titleColor": colours.soft, "titleFontWeight": "normal"}
    axis = {"domain": False, "ticks": False, "gridColor": colours.line, "domainColor": colours.line, "labelPadding": 6}
    title = {"font": SANS, "fontSize": grown(TITLE_SIZE), "color": colours.ink, "fontWeight": 600, "anchor": "start"}
    config = {
        "background": "transparent",
        "font": SANS,
        "view": {"stroke": None, "fill": None},
        "axis": {**text, **soft, **axis},
        "legend": {**text, **soft, "labelColor": colours.ink, "orient": "top", "title": None, "symbolStrokeWidth": 3},
        "header": {**text, **soft},
        "title": {**title, "subtitleFont": SANS, "subtitleFontSize": grown(LABEL_SIZE), "subtitleColor": colours.soft},
        "text": {"font": SANS, "fontSize": grown(LABEL_SIZE), "color": colours.ink},
        # a screen reader is told the chart's sentence and its table, not thousands of marks
        "mark": {"tooltip": None, "aria": False},
    }
    return {"config": config}


def language_code(language: str) -> str:
    """The code of a language by its name, for `lang`; empty for one that is not known here: a browser then guesses."""
    return LANGUAGE_CODES.get(language, "")
