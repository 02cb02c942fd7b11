"""The first text of a model card, for kinds of models that are made by one recipe; what is measured, other commands write into it."""

from __future__ import annotations

from pathlib import Path

from model.instrument.own_model import OwnModel
from model.transformer.architecture import architecture
from model.transformer.config import DECODER, ENCODER, Config

ENGLISH = """\
- **Tatoeba**, the English side of 151,634 pairs: everyday sentences from tatoeba.org, paired by manythings.org/anki. CC BY 2.0 FR.
- **Multi30k**, 29,000 image captions: Elliott, Frank, Sima'an and Specia, *Multi30K: Multilingual English-German Image Descriptions*
  (2016). Built on Flickr30k: **for non-commercial research and education.**
- **General text**, 59,149 sentences: news (WMT test sets 2008 to 2013 and news discussions 2015, for research), NTREX-128 (CC BY-SA 4.0),
  TICO-19 (CC0), XNLI (CC BY-NC 4.0), PAWS-X (free with acknowledgement), STS-B (CC BY-SA 4.0), DiaBLa (CC BY-SA 4.0).
- **Phrases**, 9,367 short things that people type first, written for this project, CC0.
- **Stories**, children's stories of Project Gutenberg (public domain) in the selection of FairytaleQA (Xu et al. 2022).
"""
LABELLED = """\
- **Named entities in noisy text**, 3,394 texts with tags of 6 types: WNUT-17, Derczynski, Nichols, van Erp and Limsopatham (2017). CC BY 4.0.
- **Polarity**, 8,662 sentences of film reviews: Pang and Lee (2005), CC BY 4.0 as listed by NLTK. Read as people type: signs without a space in
  front, the first letter large.
"""
TERMS = "\nBecause of these terms the weights are **for non-commercial research and education.**\n"
VOCABULARY = (
    "SentencePiece BPE with byte fallback, 8,000 pieces learned from the training text: half of the pieces of en-fr are French, which this "
    "model never meets, so that of as many of its own more are whole words"
)
STACK = "{layers} layers, {heads} heads, d_model {d_model}, ReLU feed-forward of {d_ff}, LayerNorm before each sublayer, {positions} positions"
TITLES = {
    "recurrent": "a recurrent translator with attention, English to French",
    ENCODER: "fills in English words that are hidden",
    DECODER: "goes on with an English text",
}
SAYS = {
    "recurrent": """\
The translator that attention was invented for: Bahdanau, Cho and Bengio, *Neural Machine Translation by Jointly Learning to Align and
Translate* (2015), https://arxiv.org/abs/1409.0473. A GRU reads the English from both ends; another one writes the French, and before
each piece one attention head looks back at the English. Same text and same vocabulary as [en-fr](../en-fr/README.md), so that the two
can be held side by side: there every position is computed at once, here each step waits for the one before it.""",
    ENCODER: """\
A transformer's encoder alone (Devlin et al. 2019, *BERT*): every word sees all others, and the model is asked what stood where the
text says `<mask>`. Two more outputs read the same states: a tagger gives each word a label, a classifier gives one to the text, from
the state of `</s>`. They were taught together with filling in, on one body.""",
    DECODER: """\
A transformer's decoder alone (Radford et al. 2018, *GPT*), without an encoder to look at: each word sees those before it, and the model
is asked what comes next.""",
}
LIMITS = {
    "recurrent": "It was trained for far less time than en-fr. It has one head, so its attention is all that its decoder learns of the English words.",
    ENCODER: "It is small and knows everyday sentences and captions; what it fills in is likely, not true. Its tagger learned from few, noisy texts.",
    DECODER: "It is small: short sentences come out fluent, stories lose their thread. The likeliest piece at every step soon repeats itself.",
}
COMMANDS = {
    "recurrent": ["model.train --kind gru --data FOLDER --vocabulary en-fr --out {name}"],
    ENCODER: [
        "model.train --kind mask --data FOLDER --stories TASKS --out BODY --run runs/body",
        "model.tasks --model BODY --data FOLDER --stories TASKS --tasks TASKS --out {name} --run runs/{name}",
    ],
    DECODER: ["model.train --kind write --data FOLDER --stories TASKS --out {name}"],
}
MEASURE = {
    "recurrent": "model.evaluate --model {name} --data FOLDER --write-card",
    ENCODER: "model.language --model {name} --data FOLDER --tasks TASKS --write-card",
    DECODER: "model.language --model {name} --data FOLDER --tasks TASKS --write-card",
}
SECTIONS = (  # of a recurrent translator
    "## How well it aligns words", "`python -m model.alignment --model {name} --write-card` prints this and writes it here:",
    "<!-- alignment -->\n<!-- /alignment -->", "## Parallel against recurrent",
    "`python -m model.growth --model {name} --data FOLDER --write-card` prints this and writes it here; the times are of one machine:",
    "<!-- growth -->\n<!-- /growth -->",
)  # fmt: skip
RECURRENT_DATA = "Those of [en-fr](../en-fr/README.md#data-and-terms), without its later phrases."


def begin_card(own: OwnModel, folder: Path) -> None:
    """Write README.md of a checkpoint where there is none, with places for what is measured. Nothing for a kind without a text of its own."""
    kind = architecture(own.model.config)
    if kind not in TITLES or (folder / "README.md").exists():
        return
    name = folder.name
    shape = "bidirectional GRU encoder, GRU decoder, additive attention; one embedding for source, target and output"
    if isinstance(own.model.config, Config):
        shape = STACK.format(layers=sum(own.model.config.layers), **own.model.config.to_dict())
    commands = [*COMMANDS[kind], "model.quantize --model {name}"]
    data = RECURRENT_DATA if kind == "recurrent" else ENGLISH + (LABELLED if own.about.get("labels") else "") + TERMS
    early = own.about.get("training", {}).get("stopped_early")
    parts = [
        f"# {name}: {TITLES[kind]}", SAYS[kind],
        f"| | |\n|---|---|\n| architecture | {shape} |\n| vocabulary | {'that of en-fr' if kind == 'recurrent' else VOCABULARY} |",
        "## Results", f"`python -m {MEASURE[kind].format(name=name)}` prints this and writes it here:",
        "<!-- evaluation -->\n<!-- /evaluation -->", *(part.format(name=name) for part in (SECTIONS if kind == "recurrent" else ())), "## Training",
        "```console\n" + "\n".join(f"python -m {command.format(name=name)}" for command in commands) + "\n```",
        "Every setting is the default of its kind." + (" The run was stopped before its end; these are its best weights." if early else ""),
        "## Data and terms", data.strip(), "## Limits", LIMITS[kind],
    ]  # fmt: skip
    (folder / "README.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
