"""The whole recipe: `python -m model.train --data FOLDER` trains a translator from sentence pairs and exports it.

`--kind` names what to make: a transformer that translates, or one of its relatives. Stop it at any time; the same command with
`--resume` goes on from the last checkpoint, and on a CPU with as many threads reaches the same weights. On a finished run it only
averages and exports. With `--best` it trains no further: it exports the weights with the smallest held-out loss so far.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from model.instrument.checkpoint import check_words, checkpoint_folder
from model.instrument.pretrained import CheckpointError, DeviceError, choose_device, load_pretrained
from model.instrument.project import ROOT
from model.training.export import export, export_best
from model.training.plans import PLANS, Material, Plan
from model.training.recipe import BaseRecipe
from model.training.trainer import Trainer, run_to_end
from model.transformer.architecture import AnyConfig
from model.transformer.config import POSITION_KINDS, Config

FIXED = ("d_ff", "max_length", "pad_id")  # numbers of a Config that the command line does not ask for
NAMES = {
    "translator": "en-fr",
    "gru": "en-fr-gru",
    "mask": "en-mask",
    "write": "en-write",
}  # of the checkpoint that each kind is made for


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line; its defaults are those of the kind that it names."""
    form = argparse.ArgumentDefaultsHelpFormatter
    first = argparse.ArgumentParser(add_help=False)
    first.add_argument("--kind", choices=PLANS, default="translator", help="what to make")
    kind = first.parse_known_args(arguments)[0].kind
    plan, name = PLANS[kind], NAMES[kind]
    parser = argparse.ArgumentParser(prog="python -m model.train", description=__doc__, formatter_class=form, parents=[first])
    parser.add_argument("--data", type=Path, required=True, help="folder with *.train.tsv.gz and *.dev.tsv.gz or *.val.tsv.gz")
    parser.add_argument("--run", type=Path, default=ROOT / "runs" / name, help="folder of checkpoints and log while training")
    parser.add_argument("--out", type=Path, default=ROOT / "pretrained" / name, help="folder of the finished model")
    parser.add_argument("--stories", type=Path, help="folder with *.train.txt.gz and *.dev.txt.gz, for --kind mask and write")
    parser.add_argument(
        "--languages",
        nargs=2,
        default=["English", "French"],
        metavar=("SOURCE", "TARGET"),
        help="their names; the first one is that of a model of one language",
    )
    parser.add_argument("--vocabulary", help="a checkpoint whose pieces to use, instead of learning them from the text")
    parser.add_argument("--timeline", action="store_true", help="keep the weights at about eight points of the run")
    parser.add_argument("--resume", action="store_true", help="go on from the run's checkpoint")
    parser.add_argument("--best", action="store_true", help="export the run's best weights so far, without training on")
    parser.add_argument("--device", help="cuda, mps or cpu; the best one that is there by default")
    parser.add_argument("--evaluate-every", type=int, default=plan.evaluate_every, help="steps between looks at held-out text")
    if isinstance(plan.config, Config):
        parser.add_argument("--positions", choices=POSITION_KINDS, default=Config.positions)
        parser.add_argument("--post-norm", action="store_true", help="LayerNorm after each sublayer, as in the paper")
        parser.add_argument(
            "--unmasked", action="store_true", help="train the decoder without the look-ahead mask: it sees the answer"
        )
    for field, value in {**numbers(plan), **asdict(plan.recipe)}.items():
        parser.add_argument("--" + field.replace("_", "-"), type=type(value), default=value)
    return parser.parse_args(arguments)


def numbers(plan: Plan) -> dict[str, int | float]:
    """The numbers of a plan's Config that the command line asks for."""
    return {name: value for name, value in plan.config.to_dict().items() if type(value) in (int, float) and name not in FIXED}


def config_for(args: argparse.Namespace, plan: Plan) -> AnyConfig:
    """The shape that the command line asks for. Raises ValueError, in words, for one that cannot be."""
    given = {name: getattr(args, name) for name in numbers(plan)}
    if isinstance(plan.config, Config):
        given |= {"d_ff": 4 * args.d_model, "norm_first": not args.post_norm, "positions": args.positions,
                  "masked": not args.unmasked}  # fmt: skip
    return replace(plan.config, **given)


def trainer_for(args: argparse.Namespace) -> Trainer:
    """Read the data, learn the vocabulary, and set up the run. Raises ValueError, in words, for settings that cannot be."""
    plan = PLANS[args.kind]
    recipe: BaseRecipe = type(plan.recipe)(**{field.name: getattr(args, field.name) for field in fields(plan.recipe)})
    config, device = config_for(args, plan), choose_device(args.device)
    vocabulary = load_pretrained(checkpoint_folder(args.vocabulary), "cpu").tokenizer if args.vocabulary else None
    trainer = plan.trainer(config, recipe, Material(args.data, args.run, device, vocabulary, args.timeline, args.stories))
    trainer.evaluate_every = args.evaluate_every
    return trainer


def about_of(args: argparse.Namespace) -> dict[str, Any]:
    """What config.json says of languages."""
    if args.kind in ("mask", "write"):
        return {"language": args.languages[0]}
    return {"languages": dict(zip(("source", "target"), args.languages, strict=True))}


def main(arguments: list[str] | None = None) -> None:
    """Train, or go on, and export."""
    args = parse(arguments)
    try:
        about = about_of(args)
        check_words(about)  # not after an hour of work
        trainer = trainer_for(args)
        if args.best:
            export_best(trainer, args.out, about)
            return
        run_to_end(trainer, args.resume)
        export(trainer, args.out, about, {}, [])
    except (ValueError, OSError, CheckpointError, DeviceError) as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    main()
