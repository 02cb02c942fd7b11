"""Go on with a finished translator over more text: `python -m model.tune --data FOLDER --model NAME --out FOLDER --run FOLDER`.

Its vocabulary grows by the pieces that the text needs and it lacks; what it knows stays. Stop it at any time; `--resume` goes on.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path

from torch import Tensor

from model.instrument.pretrained import CheckpointError, DeviceError, Translator, checkpoint_folder, load_as, load_pretrained
from model.instrument.tokenizer import Tokenizer
from model.training.data import HELD_OUT, TRAIN, read_files, read_split
from model.training.export import LOG, export
from model.training.recipe import TuningRecipe
from model.training.robust import Pairs
from model.training.run_files import read_log
from model.training.sampling import SampledTrainer
from model.training.trainer import run_to_end
from model.training.vocabulary import grown, grown_embedding


class Tuner(SampledTrainer):
    """A training run that begins with a translator's weights; a pass reads at most so many pairs of each file, drawn anew.

    corpora: name of a file -> its pairs; masked: False takes the decoder's look-ahead mask away for good; vocabulary: the
    pieces to go on with, where another translator has grown them already. Raises ValueError if it does not begin with the
    translator's own.
    """

    def __init__(
        self,
        translator: Translator,
        recipe: TuningRecipe,
        corpora: dict[str, Pairs],
        held_out: Pairs,
        run: Path,
        masked: bool = True,
        vocabulary: Tokenizer | None = None,
    ) -> None:
        before, everything = translator.tokenizer, [pair for pairs in corpora.values() for pair in pairs]
        tokenizer = vocabulary or grown(before, (side for pair in everything for side in pair), recipe.pieces)
        config = translator.model.config
        config = replace(config, vocabulary_size=tokenizer.vocabulary_size, masked=config.masked and masked)
        super().__init__(config, recipe, tokenizer, corpora, held_out, run, translator.model.device)
        state = translator.model.state_dict()
        for name in [name for name in state if name.endswith("embedding.weight")]:
            state[name] = grown_embedding(state[name], before, tokenizer)
        self.model.load_state_dict(state)
        self.blend = recipe.blend
        self.before = {name: weight.clone() for name, weight in self.weights().items()}

    def average(self) -> dict[str, Tensor]:
        """Mean of the last checkpoints, blended with the weights from before the run, float32.

        New text is learned and old text is not forgotten: "weight-space ensembles" (Wortsman et al. 2022,
        https://arxiv.org/abs/2109.01903).
        """
        return {name: self.before[name].float().lerp(weight, self.blend) for name, weight in super().average().items()}


def tune(
    folder: Path, out: Path, data: Path, run: Path, recipe: TuningRecipe, resume: bool, device: str | None = None,
    masked: bool = True, vocabulary: Path | None = None,
) -> None:  # fmt: skip
    """Go on with the checkpoint in `folder` and write the result to `out`, its log going on from the checkpoint's.

    vocabulary: the checkpoint whose pieces to go on with; the translator's own, grown by what the text needs, where None.
    Raises ValueError, in words, for a checkpoint that would overwrite itself and for pieces that are not the translator's, grown;
    OSError, CheckpointError and DeviceError as their causes do.
    """
    translator = load_as(Translator, folder, device)
    if folder.resolve() == out.resolve():
        raise ValueError(f"{out} is where the checkpoint itself lies. Choose another --out.")
    shared = load_pretrained(vocabulary, "cpu").tokenizer if vocabulary else None
    tuner = Tuner(translator, recipe, read_files(data, TRAIN), read_split(data, HELD_OUT), run, masked, shared)
    run_to_end(tuner, resume)
    earlier = translator.about.get("training", {})
    export(tuner, out, {"languages": translator.about.get("languages")}, earlier, read_log(folder / LOG))


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    form = argparse.ArgumentDefaultsHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m model.tune", description=__doc__, formatter_class=form)
    parser.add_argument("--data", type=Path, required=True, help="folder with *.train.tsv.gz and *.dev.tsv.gz or *.val.tsv.gz")
    parser.add_argument("--model", required=True, help="the finished checkpoint: a name in pretrained/, or a folder")
    parser.add_argument("--out", type=Path, required=True, help="folder of the result")
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoints and log meanwhile")
    parser.add_argument("--unmasked", action="store_true", help="go on without the decoder's look-ahead mask: it sees the answer")
    parser.add_argument("--vocabulary", help="a checkpoint whose pieces to go on with, instead of growing the translator's own")
    parser.add_argument("--resume", action="store_true", help="go on from the run's checkpoint")
    parser.add_argument("--device", help="cuda, mps or cpu; the best one that is there by default")
    for name, value in asdict(TuningRecipe()).items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Go on, and export."""
    args = parse(arguments)
    try:
        recipe = TuningRecipe(**{name: getattr(args, name) for name in asdict(TuningRecipe())})
        shared = checkpoint_folder(args.vocabulary) if args.vocabulary else None
        folder, masked = checkpoint_folder(args.model), not args.unmasked
        tune(folder, args.out, args.data, args.run, recipe, args.resume, args.device, masked, shared)
    except (ValueError, OSError, CheckpointError, DeviceError) as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    main()
