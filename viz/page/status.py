"""One quiet line about the pass on screen: which model, how large, where, over how many tokens, in what time."""

from __future__ import annotations

import re

from viz.page import engine
from viz.page.scene import Scene
from viz.page.wording import translates


def of_pass(scene: Scene) -> str:
    """Model (where no picker names it), size, device, tokens and time of the pass, in one quiet line."""
    trace, model, anatomy = scene.trace, scene.translator, scene.trace.anatomy
    name = re.sub(r"^(\w\w)-(\w\w)$", r"\1 → \2", model.name) if translates(anatomy) else model.name
    heads = dict.fromkeys(f"{kind.heads} head{'' if kind.heads == 1 else 's'}" for kind in anatomy.kinds)
    parts = [] if len(engine.relatives(model)) > 1 or engine.others(model) else [name]
    parts += [
        f"{' + '.join(str(stack.layers) for stack in anatomy.stacks)} layers",
        *heads,
        f"{model.parameter_count / 1e6:.1f} M parameters",
        str(model.device),
        f"{' + '.join(str(len(trace.tokens(stack))) for stack in anatomy.stack_names)} tokens",
        f"pass: {1000 * scene.result.seconds:.0f} ms",
    ]
    return " · ".join(parts)
