"""The palette for the style sheets of the page."""

from __future__ import annotations

from dataclasses import fields

from viz.theme import Palette


def colours_as_css(colours: Palette) -> str:
    """The palette as CSS variables, a <style> element, so that no style sheet names a colour."""
    named = {field.name: getattr(colours, field.name) for field in fields(colours)}
    variables = "".join(f"--{name}:{colour};" for name, colour in named.items() if isinstance(colour, str))
    return f"<style>:root{{{variables}}}</style>"
