"""What a change did, on the page: one translation beside one picture, deletions struck through, the numbers of this change."""

from __future__ import annotations

import re

from support.page import run, shown
from support.shipped import replaced_by

from model import Intervention

TEXT = "The animal didn't cross the street because it was too tired."


def chips(body: str, name: str) -> str:
    """The text of a row of chips, spaces as marks; empty where there is no such row."""
    found = re.search(rf'data-testid="tokens-{name}"(.*?)</div>', body, re.DOTALL)
    return re.sub(r"<[^>]+>", "", found.group(1).split(">", 1)[1]) if found else ""


def note(app) -> str:
    """The verdict."""
    return re.search(r'data-testid="changed-note">(.*?)</span>', shown(app)).group(1)


def test_teacher_forced_chips_show_the_translation_that_is_drawn(translator):
    """One French row, that of the model as trained; not what the changed model would say freely."""
    text = replaced_by(translator, Intervention(source_positions="none"))
    free, forced, plain = (
        run(text=text, **more) for more in ({"source_positions": "none"}, {"source_positions": "none", "forcing": "forced"}, {})
    )
    own = chips(shown(plain), "target").removeprefix("French")
    assert (
        chips(shown(free), "original").removeprefix("French before")
        == own
        != chips(shown(free), "target").removeprefix("French now")
    )
    for compare in ("after", "before", "difference"):
        body = shown(run(text=text, source_positions="none", forcing="forced", compare=compare))
        assert (
            chips(body, "target").removeprefix("French, kept") == own and not chips(body, "original") and "French now" not in body
        )
    assert "is kept (teacher forcing)" in note(forced)


def test_lost_pieces_are_struck_through_and_new_ones_framed(translator):
    """Every struck piece is in the old row, every framed one in the new row."""
    body = shown(run(text=replaced_by(translator, Intervention(causal=False)), causal="off"))
    before, now = (
        re.search(rf'data-testid="tokens-{name}"(.*?)</div>', body, re.DOTALL).group(1) for name in ("original", "target")
    )
    assert "<del" in before and "<del" not in now and "chip changed" in now and "chip changed" not in before
    assert "special lost" not in before


def test_the_verdict_is_in_words_and_its_numbers_are_folded(translator):
    """Replaced words first; the divergence is inside the detail."""
    app = run(text=replaced_by(translator, Intervention(causal=False)), causal="off")
    assert note(app).startswith("Replaced: “") and "→" in note(app) and "KL" not in note(app)
    assert re.search(r"<details[^>]*><summary>numbers</summary><p>Largest KL divergence[^<]*nats", shown(app))


def test_before_shows_the_numbers_of_the_change_that_is_made():
    """Under “Before” the picture is of the unchanged model, whose cache must not answer for another change."""
    notes = [
        note(run(text=TEXT, compare="before", **change))
        for change in ({"source_positions": "none"}, {"temperature": "0.3"}, {"causal": "off"})
    ]
    after = [
        note(run(text=TEXT, **change)) for change in ({"source_positions": "none"}, {"temperature": "0.3"}, {"causal": "off"})
    ]
    assert notes == after
    details = [re.search(r"<details.*?</details>", shown(run(text=TEXT, compare="before", forcing="forced", **change))).group()
               for change in ({"source_positions": "none"}, {"temperature": "0.3"})]  # fmt: skip
    assert details[0] != details[1]


def test_an_own_translation_is_judged_as_it_is():
    """It stays; the verdict says which of its pieces became harder or easier."""
    app = run(text=TEXT, target="Un chat noir.", source_positions="none")
    assert not app.exception and note(app).startswith("The translation is yours and stays; ") and "likely (" in note(app)
