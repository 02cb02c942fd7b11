"""Two sentences read with one target: the pass of the sentence above, and that of a second one whose values it may take over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from model.analysis.patching import disagreements
from model.trace.intervention import Intervention
from model.trace.patch import Patch, Site
from model.trace.tokens import Tokens
from model.trace.trace import Trace
from viz.page import engine
from viz.page.scene import Scene


@dataclass(frozen=True, eq=False)
class Couple:
    """The two passes: of the sentence above without any patch, and of the second one, the donor."""

    trace: Trace
    donor: Trace
    source: str  # the second sentence
    target: str  # what both read beside it; empty in a model of one stack

    @cached_property
    def differing(self) -> dict[int, tuple[int, int]]:
        """What each row predicts in both, where that is not the same."""
        return disagreements(self.trace, self.donor)

    def patch(self, sites: frozenset[Site]) -> Patch | None:
        """These values of the second sentence."""
        return Patch(self.source, sites, self.target) if sites else None

    def sites_of(self, change: Intervention) -> frozenset[Site]:
        """What a change takes over from the second sentence as it is read here."""
        return change.patch.sites if change.patch and change.patch.donor == (self.source, self.target) else frozenset()


def read_both(scene: Scene, tokens: Tokens) -> Couple:
    """Both passes over what the first, unpatched, says. tokens: the second sentence as the model reads it."""
    translator, settings = scene.translator, scene.settings
    change = replace(scene.result.trace.intervention, patch=None)
    more = {} if change.changes_nothing else {"intervention": change}
    trace = engine.run(translator, scene.source, scene.own, change, settings.forcing == "forced").trace
    target, own = "", None
    if len(trace.anatomy.stacks) > 1:  # both read it: as text, in whatever pieces the first one said it
        target = trace.translation.strip() and trace.translation
        own = translator.target(target) if target else trace.labels
        trace = engine.run(translator, scene.source, own, change).trace
    donor = engine.run(translator, tokens, own, Intervention()).trace
    reads = {"target": target} if target else {}
    scene.noted(trace, translator.trace, settings.text, **reads, **more)
    scene.noted(donor, translator.trace, tokens.text, **reads)
    return Couple(trace, donor, tokens.text, target)
