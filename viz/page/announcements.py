"""What is said aloud when it is new: the translation, and what a change of the model did to it."""

from __future__ import annotations

from model.trace.tokens import Tokens
from model.trace.trace import Trace
from viz.canvas import Announcement, live_region
from viz.page import verdict
from viz.page.scene import Scene
from viz.theme import language_code, word_label

UNCHANGED = Announcement("Nothing is changed in the model.")


def announce(scene: Scene, original: Tokens | None, *news: Announcement) -> None:
    """Let a screen reader say what is new, once the reader has stopped typing. original: the labels of the unchanged model; news: what
    else there is to say, first."""
    live_region([*news, *announcements(scene, original)])


def announcements(scene: Scene, original: Tokens | None) -> list[Announcement]:
    """The translation, in its language, and the verdict of a change."""
    trace, settings = scene.result.trace, scene.settings
    language = next((stack.language for stack in trace.anatomy.stacks if stack.predicts != "nothing"), "")
    if original is None:
        return [UNCHANGED if settings.change.changes_nothing else Announcement(verdict.SILENT)]
    output = scene.wording.output
    opening = f"Your {output}:" if settings.target.strip() else f"{output.capitalize()}:"
    words = spoken(trace)
    news = Announcement(words, language_code(language), opening) if words.strip() else empty(output)
    if settings.change.changes_nothing:
        return [news, UNCHANGED]
    return [news, Announcement(verdict.sentence(scene, original))]


def empty(output: str = "translation") -> Announcement:
    """That nothing was said; output: what that would have been called."""
    return Announcement(f"The {output} is empty.")


def spoken(trace: Trace) -> str:
    """What a model says, as text; of one that writes on, the next piece alone."""
    labels = trace.labels
    if len(trace.anatomy.stacks) > 1 or trace.anatomy.predicting.predicts == "same":
        return labels.text
    return word_label(labels.shown[-1], labels.notation)
