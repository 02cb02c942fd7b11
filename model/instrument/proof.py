"""The proof that a model obeys a patch: passes into which other values are put at its handles, before any is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from model.instrument.assembly import assemble
from model.instrument.description import Findings
from model.instrument.module_pass import Pass
from model.instrument.recorder import recording
from model.trace.anatomy import Anatomy, Stack
from model.trace.intervention import Intervention
from model.trace.patch import EMBEDDING, RESIDUAL, Patch
from model.trace.trace import Trace

ALIKE = 1e-3  # of the largest number of a token: what rounding may be after many layers
DONOR = ("donor", "")  # as `Patch.donor` has it


def prove_patches(model: nn.Module, given: dict[str, Any], others: dict[str, Any], found: Findings, intact: Trace) -> Anatomy:
    """The Anatomy of a model that obeys a patch, if it is proved to: what is put in at a handle is what its passes go on with.

    given and others: two inputs of the same lengths without a token in common; intact: the pass over the first. The hooks are installed.
    Whatever goes wrong here means no more than that there is no proof.
    """
    anatomy = intact.anatomy
    try:
        with torch.no_grad():
            for stack, reads in zip(anatomy.stacks, ("input_ids", "decoder_input_ids"), strict=False):
                passes = _Passes(model, given, found, intact, stack)
                other = given | {reads: others[reads]}
                if found.handles[stack.name] is None or not (passes.stream_follows(other) and passes.sums_follow()):
                    return anatomy
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        return anatomy
    missing = {what: why for what, why in anatomy.missing.items() if what != "patch"}
    return replace(anatomy, obeys=anatomy.obeys | {"patch"}, missing=missing)


class _Rows(Pass):
    """Keeps the stream of every row of a batch."""

    def keep(self, what: str, where: str, tensor: Tensor) -> None:
        if what == "states":
            self.captured[what, where].append(tensor)


@dataclass(frozen=True)
class _Passes:
    """Patched passes of a model over `given`, of which one stack is looked at."""

    model: nn.Module
    given: dict[str, Any]
    found: Findings
    intact: Trace
    stack: Stack

    def stream_follows(self, other: dict[str, Any]) -> bool:
        """With the whole stream of another pass put in at one handle, all behind it is that pass: a handle a row of a batch."""
        name, layers = self.stack.name, range(self.stack.layers)
        donor = self._read(other)
        sites = [(name, EMBEDDING, None), *((name, RESIDUAL, layer) for layer in layers)]
        changes = [Intervention(patch=Patch(DONOR[0], frozenset({(*site, None, None)}))) for site in sites]
        batch = {what: x.expand(len(changes), -1) if isinstance(x, Tensor) else x for what, x in self.given.items()}
        with recording(_Rows(self.found.places, self.intact.anatomy, changes, donors={DONOR: donor[0]})) as recorder:
            output = self.model(**batch)[0]
        states, wanted = torch.stack(recorder.captured["states", name], 1), donor[0].stream(name).states
        firsts = [*range(0, len(wanted), len(self.stack.sublayers))]  # the point of each handle
        if alike(self.intact.stream(name).states[firsts], wanted[firsts], 10 * ALIKE):
            return False  # the passes could not be told apart
        return all(alike(row[first:], wanted[first:]) for row, first in zip(states, firsts, strict=True)) and alike(
            output, donor[1].expand_as(output)
        )

    def sums_follow(self) -> bool:
        """With noise put in for all that sublayers write, every point is the one before and the noise: behind its norm, if it is there."""
        name, stream = self.stack.name, self.found.streams[self.stack.name]
        trace, written = self.intact, self.intact.stream(name).written
        noise = torch.randn(written.shape, generator=torch.Generator().manual_seed(0)).to(written) * written.std()
        loud = replace(trace, residual={**trace.residual, name: replace(trace.stream(name), written=noise)})
        sites = {(name, part, layer, None, None) for part in self.stack.sublayers for layer in range(self.stack.layers)}
        noisy = self._read(self.given, Intervention(patch=Patch(DONOR[0], frozenset(sites))), loud)[0].stream(name)
        sums = noisy.states[:-1] + noise
        if stream.norm == "post":
            norms = [site[0] for what, site in stream.taps if what == "states"][1:]
            sums = torch.stack([norm(x[None])[0] for norm, x in zip(norms, sums, strict=True)])
        return torch.equal(noisy.written, noise) and alike(noisy.states[1:], sums)

    def _read(
        self, given: dict[str, Any], change: Intervention = Intervention(), donor: Trace | None = None
    ) -> tuple[Trace, Tensor]:
        """One pass as a Trace without tokens, and the first thing that it returns."""
        donors = {} if donor is None else {DONOR: donor}
        with recording(Pass(self.found.places, self.intact.anatomy, change, donors=donors)) as recorder:
            output = self.model(**given)[0]
        return assemble(recorder, {}, None, None), output


def alike(x: Tensor, y: Tensor, rounding: float = ALIKE) -> bool:
    """Whether two tensors (..., width) are the same but for rounding."""
    return bool(((x - y).abs().amax(-1) <= rounding * y.abs().amax(-1)).all())
