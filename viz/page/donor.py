"""The sentence that a patch takes its values from: whether it can be read, and whether it has what is asked of it."""

from __future__ import annotations

from dataclasses import replace

from model.analysis.reader import AnyReader
from model.trace.intervention import Intervention
from model.trace.patch import Patch, Site
from model.trace.tokens import Tokens
from model.trace.trace import Trace
from viz.page import engine
from viz.page.changes import LONGEST_DONOR, patch_words
from viz.theme import cut


def fitting(translator: AnyReader, source: Tokens, change: Intervention) -> tuple[Intervention, list[str]]:
    """A change of a pass over a sentence without what its donor cannot give, and a notice that says what was dropped and why."""
    patch = change.patch
    if patch is None:
        return change, []
    try:
        trace = _read(translator, patch)
    except ValueError as error:
        return replace(change, patch=None), [
            f"The sentence that a patch takes its values from cannot be read. {error} The patch was left out."
        ]
    lost = frozenset(site for site in patch.sites if not _has(trace, source, site))
    if not lost:
        return change, []
    words = patch_words(replace(patch, sites=lost), trace.anatomy)
    lengths = f"{len(trace.source)} tokens, and the one above {len(source)}"
    notice = f"Dropped, because “{cut(patch.source, LONGEST_DONOR)}” has no such place ({lengths}): {words}."
    return replace(change, patch=replace(patch, sites=patch.sites - lost)), [notice]


def _read(translator: AnyReader, patch: Patch) -> Trace:
    """The donor's pass. Raises ValueError, in words."""
    target = translator.target(patch.target) if patch.target else None
    return engine.run(translator, translator.source(patch.source), target, Intervention()).trace


def _has(donor: Trace, source: Tokens, site: Site) -> bool:
    """Whether a donor has a site; every token of a stack only where both sentences have as many, or where it is written token by token."""
    stack, *_, position = site
    if position is not None:
        return position < len(donor.tokens(stack))
    return donor.anatomy.stack(stack).predicts == "next" or len(donor.tokens(stack)) == len(source)
