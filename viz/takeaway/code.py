"""The state of the page as Python: the lines that make its Trace, and its picture, again."""

from __future__ import annotations

import json
from collections.abc import Iterable

from viz.takeaway.changing import change_call, names_of
from viz.takeaway.expressions import import_lines
from viz.takeaway.parcel import Parcel, Recipe

FILE = "headlight.html"  # that the script leaves its picture in
ABOUT = {
    "pass": "The sentence, as {checkpoint} reads it: {first}one pass captures everything.",
    "picture": "What the page shows under “{title}”. Layers, heads and positions count from 0 here, from 1 on the page.",
}


def imports_of_pass(recipe: Recipe) -> dict[str, set[str]]:
    """What `pass_lines` needs."""
    names = {recipe.loader} | (set() if recipe.change.changes_nothing else names_of(recipe.change))
    of_moment = {} if recipe.moment is None else {"model.measuring.timeline": {"at_moment", "load_timeline"}}
    return {"model": names, **of_moment}


def pass_lines(recipe: Recipe) -> list[str]:
    """Statements at the end of which `translator` and `trace` are there, and `change` where something is changed."""
    lines = [f"translator = {recipe.loader}({recipe.checkpoint!r})"]
    if recipe.moment is not None:
        lines += [
            'moments = load_timeline(translator.folder, translator.about["weights_sha256"])',
            f"translator = at_moment(translator, translator.folder, moments[{recipe.moment}])",
        ]
    lines.append(f"text = {recipe.text!r}")
    arguments = ["text"]
    if recipe.target is not None:
        arguments.append(f"target={recipe.target!r}")
    elif recipe.forced:
        ask = "translate_tokens" if recipe.says == "translates" else "answer"
        lines.append(f"labels = translator.{ask}(translator.source(text))  # what the unchanged model says")
        arguments.append("target=labels")
    if not recipe.change.changes_nothing:
        lines.append(f"change = {change_call(recipe.change)}")
        arguments.append("intervention=change")
    return [*lines, f"trace = translator.trace({', '.join(arguments)})"]


def as_script(parcel: Parcel) -> str:
    """The whole as a file that runs from its top to its end."""
    imports, picture = _parts(parcel)
    head = [f"# {line}" for line in _comments([parcel.title, *parcel.lines, parcel.address])]
    lines = [*head, *imports, "", *pass_lines(parcel.recipe), _printed(parcel.recipe)]
    if picture:
        save = "save" if parcel.picture and parcel.picture.component == "vega" else "write_html"
        lines += ["", f"# {_about('picture', parcel)}", f"picture = {picture}", f"picture.{save}({FILE!r})"]
    return "\n".join([*lines, ""])


def as_notebook(parcel: Parcel) -> str:
    """The same as a notebook (nbformat 4.5) without results: it runs from its top to its end and shows the picture."""
    imports, picture = _parts(parcel)
    title = "\n\n".join([f"# {parcel.title}", *map(_plain, parcel.lines), f"[This state of the page]({parcel.address})"])
    cells = [_cell("title", "markdown", title), _cell("about-pass", "markdown", _about("pass", parcel)),
             _cell("pass", "code", "\n".join([*imports, "", *pass_lines(parcel.recipe), _printed(parcel.recipe)]))]  # fmt: skip
    if picture:
        cells += [
            _cell("about-picture", "markdown", _about("picture", parcel)),
            _cell("picture", "code", f"picture = {picture}\npicture"),
        ]
    kernel = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False, indent=1)


def _parts(parcel: Parcel) -> tuple[list[str], str]:
    """Import lines, and the expression of the picture; empty where there is none."""
    imports = imports_of_pass(parcel.recipe)
    code = parcel.picture.code if parcel.picture else None
    if code is None:
        return import_lines(imports), ""
    for module, names in code.imports.items():
        imports[module] = imports.get(module, set()) | names
    return import_lines(imports), code.expression


def _about(what: str, parcel: Parcel) -> str:
    title = parcel.picture.title if parcel.picture else parcel.title
    first = f"it {parcel.recipe.says}, then " if parcel.recipe.says else ""
    return ABOUT[what].format(checkpoint=parcel.recipe.checkpoint, title=" ".join(title.split()), first=first)


def _printed(recipe: Recipe) -> str:
    """The last line of the pass: what is said; of a model that says nothing, what it read."""
    return f"print(trace.{'labels' if recipe.says else 'source'}.text)"


def _comments(lines: Iterable[str]) -> list[str]:
    return [" ".join(line.split()) for line in lines]


def _plain(text: str) -> str:
    """Text as Markdown shows it: its signs mean nothing."""
    return "".join(f"\\{char}" if char in r"\`*_{}[]<>()#+-!|~$&" else char for char in " ".join(text.split()))


def _cell(name: str, kind: str, source: str) -> dict[str, object]:
    results: dict[str, object] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "id": name, "metadata": {}, "source": source.splitlines(keepends=True), **results}
