"""Embeddings: the vector that each token becomes, what it lies near, and how it moves through the layers."""

from __future__ import annotations

from functools import partial

import plotly.graph_objects as go
import streamlit as st

from model.analysis.embedding import Vocabulary
from model.analysis.reader import AnyReader
from model.trace.tokens import Tokens
from viz import reading
from viz.canvas import Click, plot_clicks
from viz.charts import added_to_sentence, embedding_map, neighbours_bar, outline_token, token_paths
from viz.page import store
from viz.page.caches import loaded
from viz.page.choices import plain
from viz.page.params import choice, place, switch
from viz.page.parts.captions import caption_line
from viz.page.parts.cards import card, figure_sheet, heading, plot
from viz.page.parts.pickers import choose_part, pick_token
from viz.page.parts.sides import choose_side
from viz.page.scene import SIDE, Scene, View, style_beside
from viz.page.store import tied
from viz.takeaway import Sheet
from viz.takeaway.expressions import call
from viz.theme import token_label

SPACE_TITLES = {"2d": "2-D", "3d": "3-D"}
PARAMS = (
    place(
        "piece",
        lambda limits: limits.anatomy.vocabulary,
        None,
        "a piece whose neighbours are looked up; at first the token's own",
    ),
    choice("space", tuple(SPACE_TITLES), "2d", "how many dimensions the maps have"),
    switch("lengths", False, "paths through the layers with the lengths of their vectors, not by direction alone"),
)


@loaded(max_entries=4)
def _vocabulary(translator: AnyReader) -> Vocabulary:
    """Pieces and vectors of a checkpoint."""
    return Vocabulary.of(translator.tokenizer, translator.weights.embedding(translator.anatomy.default_stack))


def draw(scene: Scene) -> None:
    """The vectors that enter the first layer; then a chosen token, its neighbours, the map and the paths."""
    side = choose_side(scene.trace.anatomy, "embeddings-side")
    tokens = scene.trace.tokens(side)
    vectors = call(scene.translator.weights.embedding, scene.translator.anatomy.default_stack)
    vocabulary = scene.noted(_vocabulary(scene.translator), Vocabulary.of, scene.translator.tokenizer, vectors)
    token = _token(scene, tokens)
    with card("vectors", "The vector of every token", test="vectors-title"):
        caption_line(f"{reading.first_layer(scene.trace, side)} Click a row to choose its token.")
        added = call(added_to_sentence, scene.trace, side, scene.colours)
        vectors = scene.picture("vectors", lambda: _vectors(scene, side, token), side, token)
        _chart(scene.noted(vectors, outline_token, added, token, scene.colours), "vectors")
    with st.container(horizontal=True, key="embeddings-choice", vertical_alignment="center", horizontal_alignment="distribute"):
        pick_token(tokens, token, "embeddings", lambda index: {"token": index, "piece": None})
        dimensions = _choose_space()
    piece = tokens.ids[token] if scene.settings.piece is None else scene.settings.piece
    neighbours, around = st.columns([1, 1.9], gap="medium")
    with neighbours, card("neighbours"):
        _neighbours(scene, side, vocabulary, tokens.ids[token], piece)
    with around, card("map", "Where the pieces lie", test="map-title"):
        caption_line("One point a piece; near in the picture is not always near in all dimensions: trust the cosines. Click one.")
        build = partial(embedding_map, scene.trace, side, vocabulary, piece, dimensions, scene.colours)
        _chart(scene.picture("map", build, side, piece, dimensions), "map")
    with card("paths", "The way through the layers", test="paths-title"):
        _paths(scene, side, token, dimensions)
    _listen(tokens)


def _vectors(scene: Scene, side: str, token: int) -> go.Figure:
    """What enters the first layer, the chosen token outlined."""
    return outline_token(added_to_sentence(scene.trace, side, scene.colours), token, scene.colours)


def _token(scene: Scene, tokens: Tokens) -> int:
    """The chosen token, from 0; before any choice, or where this side has no such token, the first that is a piece of text."""
    token = scene.settings.token
    if token is not None and token < len(tokens):
        return token
    return tokens.first_of_text


def _choose_space() -> int:
    """Two or three dimensions; the choice goes into the URL."""
    space = choose_part("Dimensions", SPACE_TITLES, "space", "embeddings-space")
    return 3 if space == "3d" else 2


def _neighbours(scene: Scene, side: str, vocabulary: Vocabulary, own: int, piece: int) -> None:
    """The bars, whose neighbours they are, and the way back to the chosen token."""
    tokens = scene.trace.tokens(side)
    title = f"Neighbours of {_quoted(vocabulary.pieces[piece])}"
    heading(title if piece in tokens.ids else f"{title}, which is not in {_sentence(scene, side)}", "neighbours-title")
    if piece != own:
        back = f"Back to {_quoted(vocabulary.pieces[own])}"
        st.button(plain(back), key="embeddings-back", on_click=store.write, kwargs={"piece": None})
    texts = len(vocabulary.pieces) - int(vocabulary.set_aside.sum())
    among = f"{len(vocabulary.pieces):,} pieces" if vocabulary.set_aside[piece] else f"{texts:,} pieces of text"
    caption_line(f"The nearest of the {among} in the vocabulary. Click one to look it up.")
    build = partial(neighbours_bar, vocabulary, piece, scene.colours, side)
    _chart(scene.picture("neighbours", build, side, piece), "neighbours")


def _sentence(scene: Scene, side: str) -> str:
    """What a stack reads: the first one what was typed."""
    stack = scene.trace.anatomy.stack(side)
    return (
        "your sentence"
        if side == scene.trace.anatomy.default_stack
        else f"the {stack.language} sentence"
        if stack.language
        else "what is written"
    )


def _paths(scene: Scene, side: str, token: int, dimensions: int) -> None:
    """The way through the layers: by direction alone, or as long as the vectors are."""
    reads = " and sublayers normalise what they read" if scene.trace.anatomy.norm == "pre" else ""
    caption_line(
        "One line a token: its vector after every sublayer (residual stream), from its ring to its dot. A few tokens often grow "
        f"much longer than the rest{reads}, so the way is drawn by direction alone at first. Click a line to choose its token."
    )
    lengths = st.toggle("with their lengths", **tied("lengths", "embeddings-lengths"))
    build = partial(token_paths, scene.trace, side, token, dimensions, scene.colours, not lengths)
    _chart(scene.picture("paths", build, side, token, dimensions, lengths), "paths")


def _listen(tokens: Tokens) -> None:
    """What clicks in the figures do: rows and paths choose a token; bars and points look a piece up."""

    def clicked(click: Click) -> None:
        if click.card == "card-vectors":
            store.write(token=click.row, piece=None)
        elif click.card == "card-paths":
            store.write(token=click.value, piece=None)
        elif click.value in tokens.ids:
            store.write(token=tokens.ids.index(click.value), piece=None)
        else:
            store.write(piece=click.value)

    cards = ["card-vectors", "card-neighbours", "card-map", "card-paths"]
    plot_clicks(cards, key="plot-clicks", on_click=clicked)


def _quoted(piece: str) -> str:
    return f"“{token_label(piece)}”"


def _chart(figure: go.Figure | bytes, name: str) -> None:
    plot(figure, f"embeddings-{name}", tools=True)


def _on_paper(scene: Scene) -> Sheet:
    """The neighbours of the chosen token."""
    side = scene.settings.side
    tokens = scene.trace.tokens(side)
    piece = tokens.ids[_token(scene, tokens)] if scene.settings.piece is None else scene.settings.piece
    return figure_sheet(neighbours_bar(_vocabulary(scene.translator), piece, scene.colours, side))


VIEW = View(
    "embeddings",
    "Embeddings",
    "Every token becomes a vector, and training has put pieces that are used alike near each other: choose a token to see what "
    "lies near it. Look for other forms of the word, for its translation, and for where its way through the layers leads.",
    draw,
    group="Read",
    part="embeddings",
    general="Every token becomes a vector, and training has put pieces that are used alike near each other: choose a token to see what "
    "lies near it. Look for other forms of the word, and for where its way through the layers leads.",
    needs={"embeddings", "residual", "parameters"},
    params=PARAMS,
    style=style_beside(__file__),
    paper=_on_paper,
    tokens=("embeddings-token", "embeddings-tokens", "embeddings-back"),
    languages={"embeddings-token": SIDE, "embeddings-tokens": SIDE},
)
