"""From random to trained: `python -m model.timeline --data FOLDER` stores what `model.train --timeline` kept beside a checkpoint.

Each moment is a file of int8 weights, one scale per row, half the size of float16; the last moment is the checkpoint itself.
`timeline.json` says what each could do on held-out sentences: cross-entropy, BLEU, and which heads had which role by then.
With --earlier, the timeline of the checkpoint that this one went on from (`model.tune`) is taken over, with the vocabulary of its time.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import shutil
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load, save

from model.analysis.roles import ROLE
from model.instrument.beside import entry, explained, head_shapes, read_measured, whole_number
from model.instrument.checkpoint import TOKENIZER, WEIGHTS, cut, is_hash, is_number
from model.instrument.pretrained import CheckpointError, Translator, checkpoint_folder, load_as, load_weights
from model.instrument.project import ROOT
from model.instrument.quantization import dequantize, quantize
from model.instrument.recorder import running
from model.instrument.sites import install
from model.instrument.tokenizer import PAD, Tokenizer
from model.measuring.card import markdown
from model.measuring.command import CardBlock, in_words, options
from model.measuring.evaluate import bleu, translate_all
from model.measuring.roles import EACH, SPLITS, measure_pairs, sample
from model.trace.anatomy import Anatomy
from model.training.data import batches, encode_pairs
from model.training.run_files import read_tensors
from model.transformer.config import Config, briefly
from model.transformer.transformer import Transformer

FOLDER, FILE = "timeline", "timeline.json"


@dataclass(frozen=True)
class Moment:
    """The model at one step of its training."""

    step: int
    file: str  # in the checkpoint's folder
    sha256: str
    dev_loss: float  # cross-entropy on held-out pairs, nats per target token
    bleu: float  # cased sacreBLEU of greedy translations of the same pairs
    roles: dict[str, list[tuple[str, int, int]]]  # role -> (kind, layer, head) of the heads that have it

    def __hash__(self) -> int:
        return hash((self.step, self.sha256))


def at_moment(translator: Translator, folder: Path, moment: Moment) -> Translator:
    """The translator as it was at a moment of its training, on the same device; its hash tells it from the others.

    The last moment is the translator that is given. Raises CheckpointError for a file that is missing or damaged.
    """
    if moment.sha256 == translator.about["weights_sha256"]:
        return translator
    try:
        content = (folder / moment.file).read_bytes()
    except OSError as error:
        raise CheckpointError(f"Cannot read {cut(folder / moment.file)} ({error.strerror}).") from error
    if hashlib.sha256(content).hexdigest() != moment.sha256:
        raise CheckpointError(f"{folder / moment.file} is not the file that {FILE} describes. Restore it from the repository.")
    tokenizer = tokenizer_then(translator, folder)
    try:
        model = Transformer(replace(translator.model.config, vocabulary_size=tokenizer.vocabulary_size))
        load_weights(model, dequantize(load(content)))
    except (ValueError, TypeError, KeyError, SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"{cut(folder / moment.file)} does not fit together with the checkpoint: {error}") from error
    about = {**translator.about, "weights_sha256": moment.sha256}
    return replace(translator, model=install(model.to(translator.model.device).eval()), tokenizer=tokenizer, about=about)


def tokenizer_then(translator: Translator, folder: Path) -> Tokenizer:
    """The tokenizer of all moments but the last: the translator's own, unless its vocabulary grew after them.

    Raises CheckpointError for a file that is no tokenizer.
    """
    path = folder / FOLDER / TOKENIZER
    if not path.exists():
        return translator.tokenizer
    try:
        return Tokenizer.load(path)
    except (OSError, RuntimeError) as error:  # SentencePiece raises the latter
        raise CheckpointError(f"{cut(path)} is not a tokenizer ({error}). Restore it from the repository.") from error


def load_timeline(folder: Path, weights_sha256: str, config: Config | None = None) -> list[Moment]:
    """The moments of a checkpoint in the order of training; none where it has no timeline or has one of other weights.

    config: of the model, whose heads alone may have roles. Raises CheckpointError that names a damaged file.
    """
    content = read_measured(folder, f"{FOLDER}/{FILE}", weights_sha256)
    if content is None:
        return []
    with explained(folder / FOLDER / FILE):
        if not isinstance(content["moments"], list) or not content["moments"]:
            raise ValueError(f"moments must be a list with some in it, not {briefly(content['moments'])}")
        moments = [
            _moment(stored, (config or Config()).anatomy(), head_shapes(config) if config else {})
            for stored in content["moments"]
        ]
        if any(later.step <= earlier.step for earlier, later in itertools.pairwise(moments)):
            raise ValueError("its moments are not in the order of their steps")
        if moments[-1].sha256 != weights_sha256:
            raise ValueError("its last moment is not the checkpoint itself")
        return moments


def _moment(stored: object, anatomy: Anatomy, shapes: dict[str, tuple[int, int]]) -> Moment:
    """One moment out of timeline.json. Raises ValueError, KeyError or TypeError for what it cannot be."""
    known = {field.name for field in fields(Moment)}
    if not isinstance(stored, dict) or set(stored) != known:
        raise ValueError(f"a moment must have {', '.join(sorted(known))}, not {briefly(stored)}")
    at = Moment(**{**stored, "roles": {}})
    whole_number(at.step, "step")
    if not isinstance(at.file, str) or Path(at.file).is_absolute() or ".." in Path(at.file).parts:
        raise ValueError(f"file must be a path inside the checkpoint's folder, not {briefly(at.file)}")
    if not is_hash(at.sha256):
        raise ValueError(f"sha256 must be a SHA-256 of 64 digits, not {briefly(at.sha256)}")
    if not is_number(at.dev_loss, 0) or not is_number(at.bleu, 0, 100.001):
        raise ValueError(f"dev_loss and bleu must be numbers, not {briefly(at.dev_loss)} and {briefly(at.bleu)}")
    return replace(at, roles={role: _heads(role, heads, anatomy, shapes) for role, heads in entry(stored, "roles").items()})


def _heads(role: str, heads: object, anatomy: Anatomy, shapes: dict[str, tuple[int, int]]) -> list[tuple[str, int, int]]:
    """The heads that have a role, out of timeline.json. Raises ValueError for a role or a head that cannot be."""
    if role not in ROLE:
        raise ValueError(f"{briefly(role)} is no role that this version knows")
    if not isinstance(heads, list):
        raise ValueError(f"the heads of {role} must be a list, not {briefly(heads)}")
    for head in heads:
        if not isinstance(head, list) or len(head) != 3 or head[0] not in ROLE[role].kinds(anatomy):
            raise ValueError(f"a head must be [kind, layer, head], not {briefly(head)}")
        layers, width = shapes.get(head[0], (math.inf, math.inf))
        if whole_number(head[1], "layer") >= layers or whole_number(head[2], "head") >= width:
            raise ValueError(f"the model has no head {briefly(head)}")
    return [tuple(head) for head in heads]


@torch.no_grad()
def held_out_loss(translator: Translator, pairs: list[tuple[str, str]]) -> float:
    """Mean cross-entropy of the reference's tokens, teacher-forced, nats per token."""
    model, total, count = translator.model, 0.0, 0
    for batch in batches(encode_pairs(pairs, translator.tokenizer, model.config.max_length), 3000):
        labels = batch.labels.to(model.device)
        with running(model.anatomy):
            logits = model(batch.source.to(model.device), batch.target.to(model.device))
        total += float(F.cross_entropy(logits.flatten(0, 1).float(), labels.flatten(), ignore_index=PAD, reduction="sum"))
        count += int((labels != PAD).sum())
    return total / count


def store(translator: Translator, folder: Path, run: Path, pairs: list[tuple[str, str]], about: str) -> list[Moment]:
    """Quantize and measure every `moment-STEP.safetensors` of a run up to the checkpoint, then the checkpoint; write all.

    Raises ValueError if there is none.
    """
    weights_sha256, last = translator.about["weights_sha256"], translator.about["training"]["steps"]
    kept = {int(path.stem.split("-")[1]): path for path in run.glob("moment-*.safetensors")}
    kept = {step: path for step, path in sorted(kept.items()) if step < last}
    if not kept:
        raise ValueError(f"{run} holds no moment-STEP.safetensors of a step before {last}: train with --timeline first.")
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
    (folder / FOLDER).mkdir()
    moments = []
    for step, path in kept.items():
        content = save(quantize(read_tensors(path)))
        name = f"{FOLDER}/step-{step:05d}.safetensors"
        (folder / name).write_bytes(content)
        moments.append(Moment(step, name, hashlib.sha256(content).hexdigest(), 0.0, 0.0, {}))
    moments.append(Moment(last, WEIGHTS, weights_sha256, 0.0, 0.0, {}))
    return write(folder, about, [measured(at_moment(translator, folder, moment), moment, pairs) for moment in moments])


def take_over(
    translator: Translator,
    folder: Path,
    earlier: Translator,
    pairs: list[tuple[str, str]],
    about: str,
    without: frozenset[int] = frozenset(),
) -> list[Moment]:
    """The timeline of the checkpoint that this one went on from, its last moment replaced by this one, which is measured; write all.

    without: steps that are left out, for the size of their files. Raises ValueError where it has none, or one that was measured on
    other sentences.
    """
    before = earlier.folder
    if before is None:
        raise ValueError(f"{earlier.name} was not read from a folder, so it has no timeline.")
    stored = read_measured(before, f"{FOLDER}/{FILE}", earlier.about["weights_sha256"])
    if stored is None or stored.get("about") != about:
        raise ValueError(f"{before} has no timeline measured on {about}.")
    moments = load_timeline(before, earlier.about["weights_sha256"], earlier.model.config)[:-1]
    moments = [moment for moment in moments if moment.step not in without]
    (folder / FOLDER).mkdir(exist_ok=True)
    if before != folder:
        for moment in moments:
            shutil.copyfile(before / moment.file, folder / moment.file)
    (folder / FOLDER / TOKENIZER).write_bytes(tokenizer_then(earlier, before).model)
    training = translator.about["training"]
    last = Moment(training["steps"], WEIGHTS, translator.about["weights_sha256"], 0.0, 0.0, {})
    return write(folder, about, [*moments, measured(translator, last, pairs)])


def write(folder: Path, about: str, moments: list[Moment]) -> list[Moment]:
    """Write timeline.json, bound to the weights of the last moment; returns the moments."""
    content = {"weights_sha256": moments[-1].sha256, "about": about, "moments": [asdict(at) for at in moments]}
    (folder / FOLDER / FILE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return moments


def measured(translator: Translator, moment: Moment, pairs: list[tuple[str, str]]) -> Moment:
    """The moment with what its weights can do."""
    with torch.inference_mode():
        said = translate_all(translator, [source for source, _ in pairs], beam=1)
    score, _ = bleu(said, [target for _, target in pairs])
    measures = measure_pairs(translator, pairs)
    roles = {role: sorted(measures.having(role)) for role in ROLE}
    moment = replace(moment, dev_loss=round(held_out_loss(translator, pairs), 4), bleu=round(score, 2), roles=roles)
    print(f"step {moment.step}: {moment.dev_loss:.3f} nats, BLEU {moment.bleu:.1f}", flush=True)
    return moment


def table(moments: list[Moment], about: str) -> str:
    """The moments as markdown, a row each: step, cross-entropy, BLEU and how many heads have each role that any ever has."""
    roles = [role for role in ROLE if any(at.roles.get(role) for at in moments)]
    rows = [
        [f"{at.step:,}", f"{at.dev_loss:.2f}", f"{at.bleu:.1f}", *(str(len(at.roles.get(role, []))) for role in roles)]
        for at in moments
    ]
    head = ["step", "nats per token", "BLEU", *(ROLE[role].title for role in roles)]
    return f"{markdown(head, rows)}\n\nOn {about}; the last columns count the heads that have a role. The last row is the checkpoint itself."


def main(arguments: list[str] | None = None) -> None:
    """Store the timeline of one checkpoint."""
    parser = options("timeline", __doc__, "put the table into the checkpoint's README.md")
    parser.add_argument("--data", type=Path, required=True, help=f"folder with {' and '.join(SPLITS)}, .tsv.gz")
    parser.add_argument("--run", type=Path, default=ROOT / "runs/en-fr", help="folder of the training run")
    parser.add_argument(
        "--earlier", type=Path, help="instead of a run: the checkpoint that this one went on from, with its timeline"
    )
    parser.add_argument("--without", type=int, nargs="*", default=[], help="with --earlier: steps to leave out, for their size")
    args = parser.parse_args(arguments)
    folder = checkpoint_folder(args.model)
    with in_words():
        card = CardBlock(folder, "timeline", args.write_card)
        about = f"{EACH} pairs each of {' and '.join(SPLITS)}, seed 0; greedy"
        translator, pairs = load_as(Translator, folder, args.device), sample(args.data)
        if args.earlier:
            moments = take_over(
                translator, folder, load_as(Translator, args.earlier, args.device), pairs, about, frozenset(args.without)
            )
        else:
            moments = store(translator, folder, args.run, pairs, about)
    block = table(moments, about)
    print(block)
    card.write(block)


if __name__ == "__main__":
    main()
