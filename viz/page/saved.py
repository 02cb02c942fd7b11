"""What pictures of the page say about themselves once they are saved or the page is translated."""

from __future__ import annotations

from viz.canvas import pictures
from viz.page.announcements import spoken
from viz.page.changes import changes
from viz.page.scene import SIDE, Scene, View
from viz.theme import LANGUAGE_CODES

# keys of widgets around the view that offer tokens or sentences to read, and languages of what they show
TOKENS = ("examples", "stories", "changes", "dial-hidden")
LANGUAGES = {"text": "en", "target": "fr", "dial-hidden": "en"}


def describe(scene: Scene, view: View) -> None:
    """Let the page's pictures know the sentence, its translation and what is changed."""
    side = LANGUAGE_CODES.get(scene.trace.anatomy.stack(scene.settings.side).language, "")
    codes = {"en": scene.wording.codes[0], "fr": scene.wording.codes[1], SIDE: side}
    languages = {key: codes.get(language, language) for key, language in {**LANGUAGES, **view.languages}.items()}
    lines = picture_lines(scene, view)
    pictures(view.title, scene.settings.text, lines, scene.colours, tokens=(*TOKENS, *view.tokens), languages=languages)


def picture_lines(scene: Scene, view: View) -> list[str]:
    """The lines above a saved picture."""
    settings = scene.settings
    names, trace = scene.wording, scene.trace
    lines = [f"{names.source}: {settings.text.strip()}"]
    lines += [f"{names.target}: {spoken(trace)}"] if names.target else []
    lines += view.lines(scene)
    if entries := changes(settings.change, scene.before):
        shows = {"after": "the changed model", "before": "the model before the change", "difference": "the difference"}[
            settings.compare
        ]
        lines.append(f"Changed: {'; '.join(change.words for change in entries)}. Shown: {shows}.")
    return lines
