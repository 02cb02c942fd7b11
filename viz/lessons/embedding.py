"""Embedding: every piece has a vector, and pieces that are used alike point the same way."""

from __future__ import annotations

from model.analysis.embedding import Vocabulary
from viz.charts.parts.words import content
from viz.lessons.words import label
from viz.page.lesson import TIE, Lesson, Material, Measures, Pick, Step, Symbol, mixed
from viz.theme import number, quoted, token_label

FAR = (1, 30, 300)  # places in the order of neighbours that the other answers come from


def table(material: Material) -> Vocabulary:
    """The pieces with their vectors, as the first stack reads them."""
    translator = material.translator
    return Vocabulary.of(translator.tokenizer, translator.weights.embedding(translator.anatomy.stacks[0].name))


def subject(material: Material, vocabulary: Vocabulary) -> tuple[int, list[int], list[float]]:
    """(token, neighbours, cosines): the source token of text whose nearest neighbour stands out most, and its neighbours, the nearest first."""
    tokens = material.trace.source
    places = [at for at, is_text in enumerate(content(tokens)) if is_text] or [0]
    ids, cosines = vocabulary.nearest([tokens.ids[at] for at in places], FAR[-1] + 1)
    best = int((cosines[:, 0] - cosines[:, 1]).argmax())
    return places[best], ids[best].tolist(), cosines[best].tolist()


def step(material: Material) -> Step:
    """Choose the nearest piece."""
    vocabulary, anatomy = table(material), material.trace.anatomy
    token, _, _ = subject(material, vocabulary)
    words = (
        f"Each piece is a row of a table: {anatomy.d_model} numbers that nobody wrote and training found. Rows of pieces that are used "
        "alike point the same way; their cosine says how nearly, from −1 to 1."
    )
    formula = (
        "cos(", Symbol("a", f"the row of {label(material.trace.source, token)}", "card card-vectors"), ", ",
        Symbol("b", "the row of another piece; the nearest stand here", "card card-neighbours"), ") = a · b / (|a| |b|)",
    )  # fmt: skip
    focus = {"side": anatomy.stacks[0].name, "token": token, "piece": None}
    return Step(words=words, formula=formula, question=question(material, vocabulary), picture="card-neighbours", focus=focus)


def question(material: Material, vocabulary: Vocabulary) -> Pick:
    """Which of four pieces is nearest."""
    token, ids, cosines = subject(material, vocabulary)
    near, source = dict(zip(ids, cosines, strict=True)), material.trace.source
    options, key = mixed(ids[0], [ids[at] for at in FAR if at < len(ids)], source.ids[token])
    name = label(source, token)

    def why(answer: int) -> str:
        other, value = options[answer], number(near[options[answer]])
        if answer == key:
            second = max(near[option] for option in options if option != ids[0])
            return f"Its cosine with {name} is {value}; the next one of these has {number(second)}."
        return f"{quoted(vocabulary.pieces[other])} has cosine {value} with {name}; the nearest has {number(cosines[0])}."

    hints = (
        "Near does not mean “means the same”: it means “stands in the same places”.",
        "Look for another form of the word, or a word that could take its place in this sentence.",
        f"The nearest has cosine {number(cosines[0])}; “Neighbours” in the picture names it.",
    )
    names = tuple(token_label(vocabulary.pieces[option]) for option in options)
    return Pick(
        text=f"Which of these is nearest to {name} in the table?", hints=hints, why=why, key=key, options=names,
        measures=Measures.of(f"Cosine with {name}, −1 to 1", names, [near[option] for option in options], number),
        easy="Two of these are nearly equally near: a close call." if cosines[0] - cosines[1] < TIE else "",
    )  # fmt: skip


LESSON = Lesson("Embedding: pieces become vectors", {"view": "embeddings"}, (step,))
