"""What is said aloud when it is new: the translation, and what a change of the model did to it."""

from __future__ import annotations

from model.trace.tokens import Tokens
from viz.canvas import Announcement, live_region
from viz.page import verdict
from viz.page.scene import Scene
from viz.theme import language_code

UNCHANGED = Announcement("Nothing is changed in the model.")
EMPTY = Announcement("The translation is empty.")


def announce(scene: Scene, original: Tokens, *news: Announcement) -> None:
    """Let a screen reader say what is new, once the reader has stopped typing. original: the labels of the unchanged model; news: what
    else there is to say, first."""
    live_region([*news, *announcements(scene, original)])


def announcements(scene: Scene, original: Tokens) -> list[Announcement]:
    """The translation, in its language, and the verdict of a change."""
    trace, settings = scene.result.trace, scene.settings
    language = next((stack.language for stack in trace.anatomy.stacks if stack.predicts != "nothing"), "")
    opening = "Your translation:" if settings.target.strip() else "Translation:"
    words = trace.labels.text
    translation = Announcement(words, language_code(language), opening) if words.strip() else EMPTY
    if settings.change.changes_nothing:
        return [translation, UNCHANGED]
    return [translation, Announcement(verdict.sentence(scene, original))]
