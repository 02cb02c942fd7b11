"""Sentences about masks, positions and heads that are off: written here from the Intervention of a pass, and nowhere by hand."""

from __future__ import annotations

from model.analysis.attention import may_attend, why_masked
from model.instrument.recorder import shuffled_order
from model.trace.anatomy import Anatomy, Kind
from model.trace.intervention import Intervention
from model.trace.patch import RESIDUAL, Site
from model.trace.trace import AttentionMaps, Trace
from model.transformer.config import Config

UNSEEN = "A translator may not look at words that it has yet to say"
AHEAD = "A model that writes may not look at words that come later"
OWN_MASK = "The model itself masks these links", "the model itself masks others"  # a window of its own, an order of its own
OFF = "switched off: what it looks at is not handed on"
IN_ATTENTION = ("rotary", "relative")  # positions that turn queries and keys, or stand beside the scores: not in the stream
OURS = Config().anatomy("English", "French")  # what is told where no model is named, and what a State starts from


def language(anatomy: Anatomy, stack: str) -> str:
    """What the tokens of a stack are called in a sentence: their language, or the stack where it has none."""
    place = anatomy.stack(stack)
    return place.language or place.title.lower()


# Heads that are off ---------------------------------------------------------------------------------------------------


def off_mark(maps: AttentionMaps, kind: str, layer: int, head: int) -> str:
    """What stands behind the name of a head that is off; empty for one that is on."""
    return f" ({OFF})" if (kind, layer, head) in maps.intervention.heads_off else ""


def _opening(words: str) -> str:
    """Words at the start of a sentence."""
    return words[:1].upper() + words[1:]


def cross_off(maps: AttentionMaps) -> str:
    """How many heads of the bridge are off and what that means for sums over heads, as a sentence; empty where none is.

    Raises ValueError for a model without attention from one sequence to another.
    """
    bridge = maps.anatomy.bridge()
    every, title = bridge.layers * bridge.heads, bridge.title.lower()
    off = sum(kind == bridge.name for kind, _, _ in maps.intervention.heads_off)
    if not off:
        return ""
    if off == every:
        return f"All {every} heads of {title} are off: nothing of the {language(maps.anatomy, bridge.answers)} is handed on, whatever they look at."
    return f"{off} of {every} heads of {title} {'is' if off == 1 else 'are'} off: what is not handed on counts as 0."


# Parts of a layer -----------------------------------------------------------------------------------------------------


def part_words(site: Site, anatomy: Anatomy) -> str:
    """A part of a layer that can be taken over: encoder stream behind layer 3, cross-attention, layer 3, head 2. Counted from 1."""
    name, part, layer, head, _ = site
    if layer is None:
        return f"{name} embedding"
    if part == RESIDUAL:
        return f"{name} stream behind layer {layer + 1}"
    own = anatomy.short_title(part) if part in anatomy.kind_names else name
    what = own if own.endswith("attention") else f"{own} {anatomy.sublayer_title(part)}"
    return f"{what}, layer {layer + 1}" + ("" if head is None else f", head {head + 1}")


# The mask -------------------------------------------------------------------------------------------------------------


def row_reads(change: Intervention, anatomy: Anatomy | None = None) -> str:
    """What a row that predicts has read before it does; anatomy: of the model, by default our own."""
    anatomy = anatomy or OURS
    stack = anatomy.predicting or anatomy.stacks[-1]
    kind = anatomy.self_kind(stack.name)
    if anatomy.query_stream is not None:
        words = "Row t reads what stands before its piece, not the piece itself, and must say it; hidden pieces come last"
        words = words if change.causal else "The look-ahead mask is off: row t must say its piece and may read it"
    elif stack.predicts == "same":
        words = "Row t reads what stands on both sides of its piece and must say that piece"
    elif change.causal and (kind is None or kind.masked):
        words = "Row t has read everything up to its left piece and must predict its right one"
        if change.window is not None:
            words = f"Row t looks back at most {_tokens(change.window)} in each layer, and must predict its right piece"
    else:
        mask = "The look-ahead mask is off" if kind is None or kind.masked else "This model has no look-ahead mask"
        words = f"{mask}: row t must predict its right piece and may read it, and what follows, in the {language(anatomy, stack.name)}"
        if change.window is not None:
            reach = f"at most {_tokens(change.window)} back and ahead in each layer"
            words = f"{mask}: row t looks {reach}, and must predict its right piece"
    return f"{words}{', without the links that are cut' if kind and _cuts(change, kind.name) else ''}."


def captions(maps: AttentionMaps) -> dict[str, str]:
    """Who reads whom, for each kind of attention."""
    change, texts = maps.intervention, {}
    for kind in maps.anatomy.kinds:
        text = _caption(change, kind, language(maps.anatomy, kind.asks), language(maps.anatomy, kind.answers))
        if len(maps.anatomy.stacks) == 1 and not maps.anatomy.stacks[0].language:
            asks = "the text" if maps.anatomy.writes(kind.name) else "the guess of each token"
            text = _caption(change, kind, asks, "text" if kind.masked else "itself")
        texts[kind.name] = text + (", without cut links" if _cuts(change, kind.name) else "")
    return texts


def _caption(change: Intervention, kind: Kind, asks: str, answers: str) -> str:
    """Who reads whom in one kind of attention."""
    within = "" if change.window is None or not kind.is_self else f", within ±{change.window}"
    if not kind.masked:
        return f"{_opening(asks)} reads {answers}{within}"
    if change.causal:
        return f"{_opening(asks)} reads the {answers} so far{within} (masked)"
    reach = f"the {answers} before and behind{within}" if within else f"all the {answers}"
    return f"{_opening(asks)} reads {reach} (look-ahead mask off)"


def mask_words(maps: AttentionMaps, kind: str, layer: int, query: int) -> str:
    """What the mask takes from one row of a layer, and why."""
    allowed, reasons = may_attend(maps, kind, layer)[query], why_masked(maps, kind, layer, query)
    look_ahead = maps.anatomy.kind(kind).masked
    answers = language(maps.anatomy, maps.anatomy.kind(kind).answers)
    unseen = UNSEEN if len(maps.anatomy.stacks) > 1 else AHEAD
    causal = look_ahead and maps.intervention.causal
    if masked := int((~allowed).sum()):
        words = {
            "look-ahead": (unseen, ""),
            "change": ("A change masks these links", "a change masks further links"),
            "model": OWN_MASK,
        }
        why = ", and ".join(words[reason][at > 0] for at, reason in enumerate(reasons))
        tail = " The look-ahead mask is off." if look_ahead and not causal else ""
        return f"{why}: {masked} of {len(allowed)} keys are masked. Their score counts as −∞, so their weight will be exactly 0.{tail}"
    if causal:
        return f"{unseen}. For the last token nothing lies behind: no key is masked."
    if look_ahead:
        return f"The look-ahead mask is off: this row may see every {answers} token, also those that come later."
    return f"Nothing is masked here: every {answers} token may be looked at."


def mask_off(change: Intervention, anatomy: Anatomy | None = None) -> str:
    """The look-ahead mask off, as a change of the model; anatomy: of the model, by default our own."""
    token = f"{_masked_language(anatomy or OURS)} token".lstrip()
    if change.window is None:
        return f"look-ahead mask off (every {token} may see those after it)"
    return f"look-ahead mask off (a {token} may see those after it, within ±{change.window})"


def rows_sum(change: Intervention, sinks: str) -> str:
    """What the weights of a row add up to, in the middle of a sentence; sinks: one of viz.page.shared.SINKS."""
    if sinks == "hide":
        return "its weights over the columns sum to 1 with those that are hidden here"
    if sinks in ("renormalise", "first"):
        return "what is left of its weights, after those that are hidden here, is drawn so that it sums to 1"
    masks = bool(change.cut) or change.window is not None
    return "its weights over the columns sum to 1" + (", or to 0 where every key is masked" if masks else "")


def order_counts(change: Intervention) -> str:
    """What is left of the order of words without positions."""
    if change.window is None:
        return "Self-attention sums over a set, so without positions only rounding is left."
    return f"Self-attention within ±{change.window} sums over neighbours, and who is a neighbour depends on the order: more than rounding is left."


def _masked_language(anatomy: Anatomy) -> str:
    """The language of the tokens that the look-ahead mask is over; empty where it is not known."""
    return next((anatomy.asking(kind.name).language for kind in anatomy.kinds if kind.masked), "")


def _tokens(count: int) -> str:
    return f"{count} token{'' if count == 1 else 's'}"


def _cuts(change: Intervention, kind: str) -> bool:
    return any(link[0] == kind for link in change.cut)


# Positions ------------------------------------------------------------------------------------------------------------


def told_position(change: Intervention, anatomy: Anatomy, side: str, length: int, token: int) -> int | None:
    """The position, from 0, whose vector a token of a side was given; None where nothing is added."""
    edit = change.positions_on(anatomy.stack(side))
    if anatomy.positions in ("none", *IN_ATTENTION) or edit == "none" or change.position_scale == 0:
        return None
    if edit == "reversed":
        return length - 1 - token
    return int(shuffled_order(length)[token]) if edit == "shuffled" else token


def nothing_added(change: Intervention, anatomy: Anatomy, side: str) -> str:
    """Why no position is added to a side, as a sentence; empty where one is."""
    if anatomy.positions == "none":
        return "This model was trained without positions: nothing is added."
    if anatomy.positions in IN_ATTENTION:
        return anatomy.why("positions") or "Positions work inside attention: nothing is added to a token."
    if change.positions_on(anatomy.stack(side)) == "none":
        return "The positions are taken away here: nothing is added."
    return "Positions × 0: nothing is added." if change.position_scale == 0 else ""


def token_vector(trace: Trace, side: str, token: int) -> tuple[str, str]:
    """What the first layer starts from for one token: words that follow "Row id of the embedding table, times √d", and the formula."""
    change, length, start = trace.intervention, len(trace.tokens(side)), trace.anatomy.stack(side).title.lower()
    position = told_position(change, trace.anatomy, side, length, token)
    if position is None:
        return f" is what the {start} starts from. {nothing_added(change, trace.anatomy, side)}", "x = E[id] · √d_model"
    times = "" if change.position_scale == 1 else f" ({change.position_scale:g} times as strong as in training)"
    own = "" if position == token else f" although it stands at {token + 1}"
    words = f", plus the vector that says “position {position + 1}”{times}{own}, is what the {start} starts from."
    return words, "x = E[id] · √d_model + position"


def first_layer(trace: Trace, side: str) -> str:
    """What the first layer reads of every token of a side."""
    change, edit = trace.intervention, trace.intervention.positions_on(trace.anatomy.stack(side))
    if why := nothing_added(change, trace.anatomy, side):
        return f"What the first layer reads: what the token is, and no more. {why}"
    where = "where it stands" if edit == "trained" else f"where it was told that it stands ({edit})"
    times = "" if change.position_scale == 1 else f", × {change.position_scale:g}"
    return f"What the first layer reads: what the token is, plus {where}{times}."


def position_change(change: Intervention, anatomy: Anatomy | None, side: str) -> str:
    """An edit of the positions of a side, as a change of the model; anatomy: None where it is not known."""
    stack = (anatomy or OURS).stack(side)
    edit, tokens = change.positions_on(stack), language(anatomy or OURS, side)
    if anatomy is not None and anatomy.positions == "none":
        return f"{_opening(tokens)} positions {_EDITS[edit]}: no effect, this model was trained without any"
    if edit != "none" and change.position_scale == 0:
        return f"{_opening(tokens)} positions {_EDITS[edit]}: no effect, × 0 leaves nothing of them"
    return f"{_opening(tokens)} positions {_EDITS[edit]} ({_MEANS[edit]})"


def scale_change(change: Intervention, anatomy: Anatomy | None) -> str:
    """The factor on the positions, as a change of the model."""
    words = f"positions × {change.position_scale:g}"
    if anatomy is not None and anatomy.positions == "none":
        return f"{words}: no effect, this model was trained without any"
    stacks = (anatomy or OURS).stacks
    without = [stack.name for stack in stacks if change.positions_on(stack) == "none"]
    if len(without) == len(stacks):
        return f"{words}: no effect, they are taken away{' on both sides' if len(stacks) == 2 else ''}"
    return words + (f" (the {language(anatomy or OURS, without[0])} ones are taken away)" if without else "")


def positions_view(anatomy: Anatomy) -> str:
    """What the view of positions shows of a model."""
    alone = "Attention alone does not know word order; "
    if anatomy.positions == "none":
        return (
            f"{alone}this model was trained without positions, so nothing is added to a token and every chart of the encoding is "
            "empty. Look, in the laboratory, for what the order of the words still changes."
        )
    look = "Look for fast waves at the left and slow ones at the right, and for how neighbours resemble each other."
    if anatomy.positions == "learned":
        look = "Look for how neighbours resemble each other, and for where the table turns to noise: places that training hardly met."
    return f"{alone}this is the vector that is added to each token to say where it stands. {look}"


_EDITS = {"trained": "as trained", "none": "taken away", "shuffled": "shuffled", "reversed": "reversed"}
_MEANS = {
    "none": "nothing says where a token stands", "shuffled": "tokens are told each other’s places",
    "reversed": "the first token is told that it is the last",
}  # fmt: skip


# A pass over a finished translation -----------------------------------------------------------------------------------


def step_asks(change: Intervention) -> dict[str, str]:
    """How the player of decoding asks for the next piece: the words in front of and behind what was said before."""
    if change.keeps_earlier_steps:
        return {"before": "having read", "after": "what comes next?"}
    return {"before": "behind", "after": "and with the rest of the sentence in view, what would stand here?"}


def finished(change: Intervention, differ: int, rows: int, anatomy: Anatomy | None = None) -> str:
    """In how many rows of a pass over a finished translation the best piece is not the one that was said, and why that may be."""
    why = (
        f"a {f'{_masked_language(anatomy or OURS)} row'.lstrip()} sees the words behind it"
        if not change.causal
        else "the place that a token is told depends on how long the sentence is"
    )
    if differ == 0:
        return (
            f"Under this change {why}. In this sentence every row of the finished pass still puts the piece that was said first."
        )
    return (
        f"In {differ} of {rows} rows the best piece is not the one that was said: while the model translated, each step saw only what had been said; "
        f"these numbers are of one pass over the finished sentence, and under this change {why}."
    )
