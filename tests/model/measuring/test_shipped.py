"""What card and page claim of the weights that ship: counted again, so that other weights cannot ship with the words of these."""

from __future__ import annotations

import re

import pytest

from model.measuring.coreference import LEXICON, count, verdicts
from model.measuring.coreference_pairs import minimal_pairs, read_lexicon
from model.measuring.first_inputs import ask, read_inputs
from model.trace.intervention import Intervention

CLOSE = 2  # answers that may differ on another machine, where two pieces are all but equally likely
TIRED, WIDE = (f"The animal didn't cross the street because it was too {word}." for word in ("tired", "wide"))


def test_first_inputs_are_as_good_as_the_card_says(translator):
    """Within CLOSE, and at least four of five."""
    card = (translator.folder / "README.md").read_text(encoding="utf-8").split("<!-- first-inputs -->")[1]
    told = int(re.search(r"\| all \| \d+ \| (\d+) ", card).group(1))
    answers = ask(translator, read_inputs())
    acceptable = sum(answer.acceptable for answer in answers)
    assert abs(acceptable - told) <= CLOSE and acceptable >= 0.8 * len(answers)


def test_it_follows_the_adjective(translator):
    """In three of four pairs whose nouns it translates both pronouns agree with the right noun; guessing gets one of four."""
    found = count(verdicts(translator, minimal_pairs(read_lexicon(LEXICON), each=20)))
    assert found.translated >= 40 and found.both >= 0.75 * found.translated


@pytest.mark.parametrize(("text", "pronoun", "adjective"), [(TIRED, "il", "fatigué"), (WIDE, "elle", "large")])
def test_the_example_that_the_page_opens_with_is_true(translator, text, pronoun, adjective):
    """One English adjective changes the French pronoun, which agrees with the noun that it points to."""
    words = re.findall(r"\w+", translator.translate(text))
    assert {pronoun, adjective} <= set(words) and not ({"il", "elle"} - {pronoun}) & set(words)


def test_reading_the_adjective_decides_the_pronoun(translator):
    """A decoder that may not look at "tired" says "elle", after the street; one that may not look at "it" still says "il"."""
    trace = translator.trace(TIRED)
    row, ids = trace.labels.surface.index("il"), {}
    for word in ("tired", "it"):
        key = trace.source.surface.index(word)
        change = Intervention(cut=frozenset({("cross", None, None, key)}))
        ids[word] = int(translator.trace(TIRED, trace.labels, change).logits[row].argmax())
    assert translator.tokenizer.piece(ids["tired"]).strip("▁") == "elle" and ids["it"] == trace.labels.ids[row]
