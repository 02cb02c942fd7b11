"""What pictures of the page say about themselves once they are saved or the page is translated."""

from __future__ import annotations

from viz.canvas import pictures
from viz.page.changes import changes
from viz.page.scene import Scene, View

TOKENS = (  # keys of widgets that offer tokens or sentences to read
    "examples", "pair-examples", "stories", "changes", "dial-hidden", "tokens-run", "embeddings-token", "embeddings-tokens", "layers-token",
    "layers-tokens", "origin-word", "knockout-word", "decoding-choices", "embeddings-back",
)  # fmt: skip
SIDED = ("tokens-run", "embeddings-token", "embeddings-tokens", "layers-token", "layers-tokens")  # English or French: as the side is


def describe(scene: Scene, view: View) -> None:
    """Let the page's pictures know the sentence, its translation and what is changed."""
    settings = scene.settings
    side = "en" if settings.side == "encoder" else "fr"
    languages = {"text": "en", "second": "en", "target": "fr", "dial-hidden": "en", "origin-word": "fr", "knockout-word": "fr"}
    languages |= dict.fromkeys(SIDED, side)
    pictures(view.title, settings.text, said(scene), scene.colours, tokens=TOKENS, languages=languages)


def said(scene: Scene) -> list[str]:
    """The lines above a saved picture."""
    settings = scene.settings
    lines = [f"English: {settings.text.strip()}", f"French: {scene.trace.labels.text}"]
    if settings.view == "pair" and settings.second.strip():
        lines.append(f"Second sentence: {settings.second.strip()}")
    if found := changes(settings, scene.before):
        shows = {"after": "the changed model", "before": "the model before the change", "difference": "the difference"}[settings.compare]
        lines.append(f"Changed: {'; '.join(change.words for change in found)}. Shown: {shows}.")
    return lines
