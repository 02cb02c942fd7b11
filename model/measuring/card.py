"""Model cards: what commands write into them between marks, and the table that holds a family of checkpoints side by side."""

from __future__ import annotations

import re
from pathlib import Path

from model.instrument.beside import entry, explained, family, read_measured
from model.instrument.checkpoint import CONFIG, is_number, read_config
from model.transformer.architecture import build, config_of
from model.transformer.config import briefly

SCORES = "evaluation.json"
TITLES = {"sinusoidal": "sinusoidal", "learned": "learned, one vector a position", "none": "none at all"}


def marks(name: str) -> tuple[str, str]:
    """What stands before and after a block: <!-- name -->, <!-- /name -->."""
    return f"<!-- {name} -->", f"<!-- /{name} -->"


def card_parts(card: Path, name: str) -> tuple[str, str]:
    """A card's text before and after a block. Raises ValueError where its marks are missing."""
    (start, end), text = marks(name), card.read_text(encoding="utf-8")
    found = re.search(f"{re.escape(start)}.*{re.escape(end)}", text, re.DOTALL)
    if not found:
        raise ValueError(f"{card} has no {start} … {end} to write between.")
    return text[: found.start()], text[found.end() :]


def write_block(card: Path, name: str, block: str) -> None:
    """Replace what stands between the marks of a block. Raises ValueError where they are missing."""
    before, after = card_parts(card, name)
    start, end = marks(name)
    card.write_text(f"{before}{start}\n{block}\n{end}{after}", encoding="utf-8")


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A table in markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))


def family_table(folder: Path) -> str:
    """All checkpoints of a family that have been evaluated, a row each: positions, parameters, tokens read, held-out loss, BLEU with the beam.

    Raises CheckpointError that names a damaged file.
    """
    rows, scored = [], {}
    for name in family(folder):
        place = folder.parent / name
        about = read_config(place)
        scores = read_measured(place, SCORES, about["weights_sha256"])
        if scores is None:
            continue
        with explained(place / SCORES):
            config, found = config_of(about), entry(scores, "scores")
            mask = "" if config.masked else ", without the look-ahead mask"
            positions = config.anatomy().positions
            rows.append([name, f"{TITLES[positions]}{mask}", f"{build(config).parameter_count:,}"])
            scored[name] = {split: f"{_last(found[split], split):.1f}" for split in found}
        with explained(place / CONFIG):
            training = about["training"]
            rows[-1] += [f"{training.get('tokens', 0) / 1e6:.1f} M", f"{training['dev_loss']:.3f}"]
    names = list(dict.fromkeys(split for found in scored.values() for split in found))
    head = ["checkpoint", "positions", "parameters", "target tokens read", "held-out cross-entropy, nats", *names]
    table = markdown(head, [[*cells, *(scored[cells[0]].get(split, "–") for split in names)] for cells in sorted(rows)])
    return (
        f"{table}\n\nBLEU as above, with the beam. Cross-entropy is of pairs held out of the text that a member has read: those with "
        "more target tokens went on over general text, which is harder to foresee."
    )


def _last(scores: object, split: str) -> float:
    """BLEU with the beam, which stands last."""
    if not isinstance(scores, list) or not scores or not is_number(scores[-1], 0, 100.001):
        raise ValueError(f"the scores of {split} must be numbers from 0 to 100, not {briefly(scores)}")
    return scores[-1]


def write_family(folder: Path) -> list[Path]:
    """Write the table of the family into the card of every member that has a place for it. Returns the cards."""
    table, written = family_table(folder), []
    for name in family(folder):
        card = folder.parent / name / "README.md"
        if card.exists() and marks("family")[0] in card.read_text(encoding="utf-8"):
            write_block(card, "family", table)
            written.append(card)
    return written
