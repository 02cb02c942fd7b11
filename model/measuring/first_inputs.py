"""What people type first: `python -m model.first_inputs` translates a list of such inputs and counts the acceptable answers."""

from __future__ import annotations

import gzip
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from model.instrument.lines import read_lines
from model.instrument.pretrained import Translator, checkpoint_folder, load_as
from model.measuring.card import markdown
from model.measuring.command import CardBlock, in_words, options

NAME = "tests/data/first-inputs.tsv"
INPUTS = Path(__file__).resolve().parents[2] / NAME
HEAD = ["kind", "english", "french"]
BLOCK = "first-inputs"
PHRASES = "phrases-*.train.tsv.gz"  # training text of our own, shipped beside the weights
PLAIN = str.maketrans({"’": "'", "‘": "'", "\u00a0": " ", "\u202f": " "})


@dataclass(frozen=True)
class FirstInput:
    """One input and what may be said."""

    kind: str
    english: str
    french: re.Pattern  # matches the whole of an acceptable answer, as `plain` writes it, in any case


@dataclass(frozen=True)
class Answer:
    """What a model said."""

    asked: FirstInput
    french: str

    @property
    def acceptable(self) -> bool:
        """Whether the whole answer is one of those that the list accepts."""
        return self.asked.french.fullmatch(plain(self.french)) is not None


def plain(text: str) -> str:
    """An answer without what is not judged: typographic apostrophes and spaces, the space before ? ! : ; and the final mark."""
    text = " ".join(text.translate(PLAIN).split())
    return re.sub(r" +(?=[?!:;])", "", text).rstrip(".!?… ")


def read_inputs(path: Path = INPUTS) -> list[FirstInput]:
    """The inputs of a file: a line `kind<TAB>english<TAB>french` at the top, then one input a line.

    Raises OSError where it cannot be read, and ValueError that names the line of what is wrong in it.
    """
    found = []
    for number, line in read_lines(path):
        if number == 1:
            if line.split("\t") != HEAD:
                raise ValueError(f"{path}, line 1: must be {'<TAB>'.join(HEAD)}.")
            continue
        cells = line.split("\t")
        if len(cells) != len(HEAD) or not all(cells):
            raise ValueError(f"{path}, line {number}: expected {'<TAB>'.join(HEAD)}, none of them empty.")
        try:
            pattern = re.compile(cells[2], re.IGNORECASE)
        except re.error as error:
            raise ValueError(f"{path}, line {number}: {cells[2]!r} is not a regular expression ({error}).") from error
        found.append(FirstInput(cells[0], cells[1], pattern))
    if not found:
        raise ValueError(f"{path} holds no inputs.")
    return found


def ask(translator: Translator, inputs: list[FirstInput]) -> list[Answer]:
    """What the model says to each input: greedy and one at a time, as the page translates."""
    return [Answer(asked, translator.translate(asked.english)) for asked in inputs]


def share(answers: list[Answer]) -> float:
    """Share of acceptable answers, 0 to 1."""
    return sum(answer.acceptable for answer in answers) / len(answers)


def taught(folder: Path) -> set[str]:
    """The English of all training phrases beside a checkpoint (PHRASES), as `spelling` writes it; empty where none are there."""
    found: set[str] = set()
    for path in sorted(folder.glob(PHRASES)):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found |= {spelling(line.partition("\t")[0]) for line in lines}
    return found


def spelling(text: str) -> str:
    """Words alone, in lower case: what the spellings of one phrase have in common."""
    return " ".join(re.findall(r"\w+", text.lower()))


def table(answers: list[Answer], phrases: Collection[str] = ()) -> str:
    """Acceptable answers by kind as markdown, all of them in the last row, how they were judged, and how many were `taught`."""
    kinds = dict.fromkeys(answer.asked.kind for answer in answers)
    groups = [(kind, [answer for answer in answers if answer.asked.kind == kind]) for kind in kinds]
    rows = [[kind, str(len(group)), str(sum(one.acceptable for one in group))] for kind, group in groups]
    rows.append(["all", str(len(answers)), f"{sum(one.acceptable for one in answers)} ({share(answers):.1%})"])
    rule = (
        "Greedy, as on the page. An answer is acceptable when all of it matches the pattern of its line in "
        f"`{NAME}`; final punctuation, capitals and tu or vous are not judged."
    )
    known = [answer for answer in answers if spelling(answer.asked.english) in phrases]
    if known:
        rest = [answer for answer in answers if answer not in known]
        rule += (
            f" {len(known)} of the inputs are set phrases (greetings, yes and no, thanks) that stand among the training phrases beside "
            f"the weights in some spelling; {sum(one.acceptable for one in known)} of these are acceptable, and of the other "
            f"{len(rest)}, {sum(one.acceptable for one in rest)} ({share(rest):.1%})."
        )
    return f"{markdown(['kind', 'inputs', 'acceptable'], rows)}\n\n{rule}"


def main(arguments: list[str] | None = None) -> None:
    """Ask one checkpoint, print what it got wrong and the shares, and, with --write-card, put them into the model card."""
    parser = options("first_inputs", __doc__, "put the table into the checkpoint's README.md")
    parser.add_argument("--inputs", type=Path, default=INPUTS, help="the list: kind, English, a pattern for the French")
    args = parser.parse_args(arguments)
    folder = checkpoint_folder(args.model)
    with in_words():
        card = CardBlock(folder, BLOCK, args.write_card)
        inputs = read_inputs(args.inputs)
        answers = ask(load_as(Translator, folder, args.device), inputs)
    for answer in answers:
        if not answer.acceptable:
            print(f"{answer.asked.kind}: {answer.asked.english} -> {answer.french}")
    block = table(answers, taught(folder))
    print(f"\n{block}")
    card.write(block)


if __name__ == "__main__":
    main()
