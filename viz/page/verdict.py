"""What a change of the model did to the translation, in words; its numbers behind a detail."""

from __future__ import annotations

import html
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial

from model.analysis.change import PredictionChange, prediction_change
from model.analysis.words import join_pieces
from model.trace.tokens import Tokens
from viz.page import engine
from viz.page.scene import Scene
from viz.theme import number, quoted

SILENT = "This model says nothing that could change: the pictures show what the change did."
FEW = 3  # changes of one sort that are named; the rest is counted
FLAT = 0.005  # nats: a change of a loss that is written as 0.00


@dataclass(frozen=True)
class WordChanges:
    """How one sentence became another, word by word, in the order of the sentence."""

    replaced: tuple[tuple[str, str], ...]  # (words before, words now), a run each
    lost: tuple[str, ...]
    added: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.replaced or self.lost or self.added)


def word_changes(before: Tokens, after: Tokens) -> WordChanges:
    """Which words of `before` are lost or replaced in `after`, and which are added (longest matching blocks, as in difflib)."""
    first, second = _words(before), _words(after)
    replaced, lost, added = [], [], []
    for what, start, end, from_, to in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if what == "replace":
            replaced.append((_run(first[start:end]), _run(second[from_:to])))
        elif what == "delete":
            lost.append(_run(first[start:end]))
        elif what == "insert":
            added.append(_run(second[from_:to]))
    return WordChanges(tuple(replaced), tuple(lost), tuple(added))


def in_words(before: Tokens, after: Tokens, output: str = "translation") -> str:
    """What became of what the model says, as a sentence; output: what that is called."""
    if before.ids == after.ids:
        return f"The {output} stays the same, piece by piece."
    differences = word_changes(before, after)
    if not differences:
        return "The same words, written with other pieces."
    if len(after) == 1:
        return f"The {output} is empty now: the model ends at once."
    if len(before) == 1:
        return f"The {output} was empty; now it says {quoted(after.text)}."
    parts = []
    if differences.replaced:
        parts.append("replaced: " + _listed([f"{quoted(then)} → {quoted(now)}" for then, now in differences.replaced]))
    parts += [
        f"{name}: " + _listed([quoted(run) for run in runs])
        for name, runs in (("lost", differences.lost), ("added", differences.added))
        if runs
    ]
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def note(scene: Scene, original: Tokens | None) -> str:
    """HTML: the verdict, and what it is measured by behind a detail. All text is escaped. original: the unchanged model's labels."""
    text = html.escape(sentence(scene, original))
    if original is None:
        return f'<span class="changed-note" data-testid="changed-note">{text}</span>'
    note = f'<span class="changed-note" data-testid="changed-note">{text}</span>'
    detail = _numbers(_change(scene), scene.result.trace.labels)
    if not detail:
        return note
    return f'{note}<details data-testid="changed-numbers"><summary>numbers</summary><p>{html.escape(detail)}</p></details>'


def sentence(scene: Scene, original: Tokens | None) -> str:
    """What the change did to what the model says, or to the pieces of a text that stays. original: the unchanged model's labels."""
    settings = scene.settings
    if original is None:
        return SILENT
    is_given = bool(settings.target.strip()) or settings.forcing == "forced"
    return _effect(scene, _change(scene)) if is_given else in_words(original, scene.result.trace.labels, scene.wording.output)


def _change(scene: Scene) -> PredictionChange:
    """How every prediction moved."""
    build = partial(prediction_change, scene.before, scene.result.trace)
    return scene.picture("prediction-change", build, *scene.pass_key)


def losses(scene: Scene) -> str:
    """The loss of one and the same translation before and after the change, nats per token, and which way it went."""
    settings = scene.settings
    forced = engine.run(scene.translator, scene.source, scene.own, settings.change, forced=True).trace
    then, now = float(scene.before.loss.mean()), float(forced.loss.mean())
    output = scene.wording.output
    whose = f"your {output}" if settings.target.strip() else f"the same {output}, that of the model as trained"
    return f"Loss of {whose}, teacher-forced: {then:.2f} nats per token before, {now:.2f} after; {_way(then, now)}."


def _way(then: float, now: float) -> str:
    if abs(now - then) < FLAT:
        return "it stays where it was"
    return (
        "it rises: the model is worse off with the change" if now > then else "it falls: the model is better off with the change"
    )


def _effect(scene: Scene, change: PredictionChange) -> str:
    """Of a translation that stays: which of its pieces became harder and easier to say."""
    output = scene.wording.output
    opening = f"The {output} is yours and stays" if scene.settings.target.strip() else f"The {output} is kept (teacher forcing)"
    moved = (change.after - change.before).nan_to_num(0.0)
    worst, best = int(moved.argmin()), int(moved.argmax())
    labels, parts = scene.result.trace.labels, []
    pieces, notation = labels.shown, labels.notation
    for row, became in ((worst, "less"), (best, "more")):
        if abs(float(moved[row])) >= FLAT and (float(moved[row]) < 0) == (became == "less"):
            then, now = (number(float(part[row].exp())) for part in (change.before, change.after))
            parts.append(f"{quoted(pieces[row], notation)} becomes {became} likely ({then} → {now})")
    return f"{opening}; {', '.join(parts)}." if parts else f"{opening}; no piece of it becomes more or less likely."


def _numbers(change: PredictionChange, labels: Tokens) -> str:
    """Where the whole distribution moved most; empty where nothing can be compared."""
    divergence = change.divergence.nan_to_num(-1)
    row = int(divergence.argmax())
    if float(divergence[row]) < 0:
        return ""
    return f"Largest KL divergence of the next-piece distributions: {number(float(divergence[row]))} nats, producing {quoted(labels.shown[row], labels.notation)}."


def _words(labels: Tokens) -> list[str]:
    """The words of a translation as text, special tokens and lone spaces left out, each with the space in front of it."""
    joined = join_pieces(labels)
    words = [joined.notation.text(piece) for piece, apart in zip(joined.pieces, joined.special, strict=True) if not apart]
    return [word for word in words if word.strip(" ")]


def _run(words: list[str]) -> str:
    """Neighbouring words as they are written."""
    return "".join(words).strip() or " "


def _listed(items: list[str]) -> str:
    more = f" and {len(items) - FEW} more" if len(items) > FEW else ""
    return ", ".join(items[:FEW]) + more
