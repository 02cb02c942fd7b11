"""Minimal pairs of "it": the lexicon, what counts as right, what is stored and said, and the command."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest
import torch

from model.instrument.pretrained import checkpoint_folder
from model.instrument.project import ROOT
from model.measuring import coreference
from model.measuring.coreference import check_training, count, measure, measure_inside, verdicts
from model.measuring.coreference_pairs import PRONOUNS, Lexicon, Pair, Verdict, judge, known_to, minimal_pairs, read_lexicon
from model.measuring.coreference_record import ALL, FILE, Counts, load_coreference, save_coreference
from model.measuring.coreference_words import TURNS, card_block, findings, gatherers, heads_rows, largest

LEXICON = ROOT / "tests" / "data" / "coreference.tsv"
HELD_OUT = [{"animal", "street"}, {"trophy", "suitcase"}]


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    """The one that is shipped."""
    return read_lexicon(LEXICON)


@pytest.fixture(scope="module")
def pairs(lexicon) -> list[Pair]:
    """All pairs that are asked."""
    return minimal_pairs(lexicon)


@pytest.fixture(scope="module")
def found(tiny_translator, pairs):
    """What heads of the tiny model do with three pairs, with counts as a good model would have them."""
    counts = {ALL: Counts(210, 180, 170, 165), "held out": Counts(15, 15, 15, 14)}
    return measure_inside(tiny_translator, pairs[:3], counts)


def member(pairs: list[Pair], english: str):
    """One sentence of the set."""
    return next(one for pair in pairs for one in pair.members if one.english == english)


def test_there_are_two_hundred_pairs_of_every_kind(pairs):
    """No pair twice; both held-out combinations; nouns that are new, on one side and on both; both genders first."""
    assert len(pairs) == len(set(pairs)) >= 200
    kinds = [pair.novelty for pair in pairs]
    assert {kind: kinds.count(kind) > 10 for kind in set(kinds)} == dict.fromkeys(
        ("held out", "one new noun", "two new nouns"), True
    )
    held = [{noun.english for noun in pair.members[0].nouns} for pair in pairs if pair.novelty == "held out"]
    assert all(both in HELD_OUT for both in held) and all(both in held for both in HELD_OUT)
    firsts = [pair.members[0].nouns[0].gender for pair in pairs]
    assert all(firsts.count(gender) >= len(pairs) / 4 for gender in PRONOUNS)


def test_a_pair_differs_in_the_adjective_alone_and_its_nouns_in_gender(pairs):
    """So that the pronoun decides; every reference is judged right and the other member's is not."""
    for pair in pairs:
        one, other = pair.members
        cut = one.english[: one.span("adjective")[0]]
        assert other.english.startswith(cut) and one.adjective != other.adjective and (one.antecedent, other.antecedent) == (0, 1)
        assert {noun.gender for noun in one.nouns} == set(PRONOUNS)
        assert judge(one, one.french) == judge(other, other.french) == Verdict(True, True, True)
        assert judge(one, other.french) == judge(other, one.french) == Verdict(True, False, False)


def test_spans_are_the_words(pairs):
    """In English and in French."""
    for pair in pairs:
        for one in pair.members:
            nouns = [one.nouns[one.antecedent].english, one.nouns[1 - one.antecedent].english]
            wanted = {"it": "it", "adjective": one.adjective.english, "antecedent": nouns[0], "distractor": nouns[1]}
            assert {name: one.english[slice(*one.span(name))] for name in wanted} == wanted
            assert one.french[slice(*one.french_span("antecedent"))] == one.nouns[one.antecedent].french[0]
            assert one.french[slice(*one.french_span("second"))] == one.nouns[1].french[0]


@pytest.mark.parametrize(
    ("translation", "expected"),
    [
        ("L'animal n'a pas traversé la rue parce qu'il était trop fatigué.", (True, True, True)),
        ("L’animal n’a pas traversé la rue car il était trop épuisé.", (True, True, True)),
        ("L'ANIMAL N'A PAS TRAVERSÉ LA RUE PARCE QU'IL ÉTAIT TROP LAS.", (True, True, True)),
        ("L'animal n'a pas traversé la rue parce qu'il était trop fatiguée.", (True, True, False)),
        ("L'animal n'a pas traversé la rue parce qu'il était trop large.", (True, True, False)),
        ("L'animal n'a pas traversé la rue parce qu'elle était trop fatiguée.", (True, False, False)),
        ("L'animal n'a pas traversé la rue parce que c'était trop fatigué.", (True, False, False)),
        ("L'animal n'a pas traversé la rue.", (True, False, False)),
        ("L'animal n'a pas traversé la ruelle parce qu'il était trop fatigué.", (False, True, True)),
        ("La bête n'a pas traversé la rue parce qu'il était trop fatigué.", (False, True, True)),
        ("Parce qu'il était trop fatigué, l'animal n'a pas traversé la rue.", (False, True, True)),
    ],
)
def test_what_counts_as_right(pairs, translation, expected):
    """Any conjunction and apostrophe, every listed word; agreement to the letter; nouns before the clause."""
    one = member(pairs, "The animal didn't cross the street because it was too tired.")
    assert judge(one, translation) == Verdict(*expected)


def test_pairs_count_only_where_both_nouns_are_translated():
    """And only when both members are right."""
    right, no_adjective, unknown = Verdict(True, True, True), Verdict(True, True, False), Verdict(False, True, True)
    wrong = Verdict(True, False, False)
    got = count([(right, right), (right, no_adjective), (right, wrong), (unknown, right), (unknown, unknown)])
    assert got == Counts(pairs=5, translated=3, pronoun=2, both=1) and got.share == pytest.approx(1 / 3)
    assert count([(unknown, right)]).share != count([(unknown, right)]).share  # not a number


def test_no_held_out_combination_is_in_the_lists_of_training_phrases(lexicon):
    """Sentences with "it" and a new noun, or both nouns of a held-out combination, are found; others are not."""
    spoiling = [
        "The animal did not cross the street because it was too old.",
        "The street is wide, so the animal crossed it.",
        "Where is the kitten? It is here.",
        "The trophy is in the suitcase. Its colour is red.",
    ]
    fine = ["The animal crossed the street.", "I see a kitten.", "The cat didn't cross the street because it was too tired.",
            "It is two o'clock.", "The trophy doesn't fit in the box because it is too big."]  # fmt: skip
    assert known_to(lexicon, spoiling + fine) == spoiling
    for path in ROOT.glob("model/*phrases*.tsv*"):
        check_training(LEXICON, [path])


def test_the_command_refuses_training_phrases_that_spoil_the_test(tmp_path):
    """Names the file and the sentence."""
    path = tmp_path / "phrases.train.tsv.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("I see it.\tJe le vois.\nThe kitten is here. It is small.\tLe chaton est ici. Il est petit.\n")
    with pytest.raises(SystemExit, match=r"phrases.train.tsv.gz holds 1 sentences.*The kitten is here"):
        coreference.main(["--lexicon", str(LEXICON), "--phrases", str(path)])


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ("nothing\ta\n", "line 1: expected the columns"),
        ("noun\tfirst\tcross\tcat\tm\tchat\n", "line 1: expected the columns"),
        ("# note\nnoun\tfirst\tcross\tcat\tn\tchat\tnew\n", "line 2: expected a gender"),
        ("noun\tthird\tcross\tcat\tm\tchat\tnew\n", "line 1: the place"),
        ("noun\tfirst\tcross\tcat\tm\tchat\told\n", "known or new"),
        ("# note\n", "no frame"),
    ],
)
def test_a_damaged_lexicon_is_an_error_that_names_the_line(tmp_path, lines, what):
    """In words."""
    (tmp_path / "lexicon.tsv").write_text(lines, encoding="utf-8")
    with pytest.raises(ValueError, match=what):
        read_lexicon(tmp_path / "lexicon.tsv")


def test_a_frame_without_adjectives_is_an_error(lexicon):
    """Names the frame."""
    with pytest.raises(ValueError, match="cross"):
        minimal_pairs(replace(lexicon, adjectives={}))


def test_the_same_seed_draws_the_same_pairs(lexicon, pairs):
    """Another one draws others."""
    assert minimal_pairs(lexicon, seed=0) == pairs != minimal_pairs(lexicon, seed=1)


def test_what_is_written_is_read_back(found, tmp_path):
    """To four digits; other weights, a damaged file or none give None."""
    path = save_coreference(tmp_path, found, "abc", "three pairs")
    text, back = path.read_text(encoding="utf-8"), load_coreference(tmp_path, "abc")
    assert json.loads(text)["about"] == "three pairs" and back.counts == found.counts and back.sentences == 6
    torch.testing.assert_close(back.gathers.antecedent, found.gathers.antecedent, atol=6e-5, rtol=0)
    for link, got in found.links.items():
        torch.testing.assert_close(back.links[link].lost, got.lost, atol=6e-5, rtol=0, equal_nan=True)
    torch.testing.assert_close(back.reading.change, found.reading.change, atol=6e-5, rtol=0)
    assert save_coreference(tmp_path, back, "abc", "three pairs").read_text(encoding="utf-8") == text
    assert load_coreference(tmp_path, "other") is None and load_coreference(tmp_path / "nowhere", "abc") is None
    content = json.loads(text)
    damaged = [text[:-20], "[]", "{}", '{"weights_sha256": "abc"}']
    damaged += [json.dumps({name: part for name, part in content.items() if name != left}) for left in content]
    damaged += [
        json.dumps({**content, "links": content["links"][1:]}),
        json.dumps({**content, "reading": content["heads"]["encoder"]}),
    ]
    damaged += [json.dumps({**content, "counts": {}}), json.dumps({**content, "likelier": None})]
    for one in damaged:
        if one != json.dumps(
            {name: part for name, part in content.items() if name != "about"}
        ):  # what it was made of is for people
            (tmp_path / FILE).write_text(one, encoding="utf-8")
            assert load_coreference(tmp_path, "abc") is None, one[:200]


def test_what_is_not_a_number_survives(found, tmp_path):
    """`lost` is undefined where nothing was right."""
    nothing = replace(found.reading, lost=torch.full_like(found.reading.lost, float("nan")))
    path = save_coreference(tmp_path, replace(found, reading=nothing), "abc", "three pairs")
    assert "NaN" not in path.read_text(encoding="utf-8")
    assert bool(load_coreference(tmp_path, "abc").reading.lost.isnan().all())


def test_sentences_follow_the_numbers(found):
    """A head that turns is led with; otherwise none is claimed; without a decision nobody says where it is."""
    config = found.gathers.turns.shape
    turns = torch.zeros(config)
    turns[1, 2] = TURNS
    turning = replace(found, gathers=replace(found.gathers, turns=turns))
    assert (
        "A head turns" in findings(turning)[1]
        and "encoder layer 2, head 3" in findings(turning)[1]
        and "80%" in findings(turning)[1]
    )
    assert "No head of the encoder turns" in findings(replace(found, gathers=replace(found.gathers, turns=turns - 0.01)))[1]
    assert "165 of those (92%)" in findings(found)[0] and len(findings(found)) == 7
    unable = replace(found, counts={ALL: Counts(210, 100, 49, 49)})
    assert not unable.decides and len(findings(unable)) == 3 and "do not tell the nouns apart" in findings(unable)[-1]


def test_the_sentence_of_a_place_names_the_largest(found):
    """Of links, layers and heads."""
    one = found.links["cross", "pronoun", "adjective"]
    lost = torch.full_like(one.lost, 0.25)
    lost[2], lost[-1] = 0.5, 0.99
    links = {link: replace(got, lost=torch.zeros_like(got.lost)) for link, got in found.links.items()}
    links["cross", "pronoun", "adjective"] = replace(one, lost=lost, change=torch.full_like(lost, -1.5))
    text = findings(replace(found, links=links))[3]
    assert "the row that says the pronoun → the adjective (cross-attention)" in text and "99% (−1.50 nats)" in text
    assert "layer 3 alone, in 50%" in text
    heads = {kind: replace(got, change=torch.zeros_like(got.change)) for kind, got in found.heads.items()}
    heads["decoder"].change[2, 1] = -3.0
    heads["decoder"].lost[2, 1] = 0.75
    text = findings(replace(found, heads=heads))[5]
    assert "decoder layer 3, head 2" in text and "75% (−3.00 nats)" in text


def test_the_table_of_heads_holds_the_largest(found):
    """Those with most weight on one noun and the one that turns most; numbers as measured."""
    names, rows = heads_rows(found)
    assert largest(found.gathers.first) in gatherers(found) or largest(found.gathers.second) in gatherers(found)
    assert largest(found.gathers.turns) in gatherers(found) and all(len(row) == len(names) for row in rows)
    for row in rows:
        at = (int(row[0]) - 1, int(row[1]) - 1)
        assert row[2] == f"{float(found.gathers.first[at]):.2f}" and row[5] == f"{float(found.gathers.turns[at]):.0%}"
    block = card_block(found, "three pairs")
    assert block.count("\n| ") > 20 and "three pairs" in block and "nan" not in block


def as_written(pairs):
    """A translator of members that makes no mistake, in the place of `translate_all`."""
    return lambda translator, sentences, beam: [member(pairs, sentence).french for sentence in sentences]


def test_verdicts_are_of_the_models_own_translations(tiny_translator, pairs, monkeypatch):
    """Of both members, in order; a model that translates no noun has nothing to be asked."""
    assert all(not one.nouns for pair in verdicts(tiny_translator, pairs[:2]) for one in pair)
    with pytest.raises(ValueError, match="both nouns of no pair"):
        measure(tiny_translator, pairs[:2])
    monkeypatch.setattr(coreference, "translate_all", as_written(pairs))
    got = measure(tiny_translator, pairs[:2]).counts
    assert got[ALL] == got["held out"] == Counts(2, 2, 2, 2)
    fewer = measure(tiny_translator, pairs[:2], inside=1)
    assert fewer.counts == got and fewer.sentences == 2


def test_the_command_stores_and_writes_the_card(tmp_path, monkeypatch, capsys, tiny_translator, pairs):
    """coreference.json and the card, bound to the weights."""
    shown = replace(tiny_translator, about={"weights_sha256": "abc"})
    monkeypatch.setattr(coreference, "load_as", lambda kind, folder, device: shown)
    monkeypatch.setattr(coreference, "translate_all", as_written(pairs))
    monkeypatch.setattr(coreference, "minimal_pairs", lambda lexicon, seed: pairs[:2])
    (tmp_path / "README.md").write_text("a\n<!-- coreference -->\n<!-- /coreference -->\nb\n", encoding="utf-8")
    coreference.main(["--model", str(tmp_path), "--lexicon", str(LEXICON), "--write-card"])
    assert load_coreference(tmp_path, "abc").counts[ALL].share == 1.0
    assert "| all | 2 | 2 | 2 | 2 | 100% |" in (tmp_path / "README.md").read_text(encoding="utf-8")
    assert FILE in capsys.readouterr().out


def test_the_lexicon_is_found_from_any_folder(tmp_path, monkeypatch):
    """It is the shipped one."""
    monkeypatch.chdir(tmp_path)
    assert coreference.LEXICON.samefile(LEXICON)


def test_the_command_says_what_is_missing(tmp_path):
    """A card without a place, a lexicon that is not there."""
    (tmp_path / "README.md").write_text("nothing\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="coreference"):
        coreference.main(["--model", str(tmp_path), "--write-card"])
    with pytest.raises(SystemExit, match="nowhere.tsv"):
        coreference.main(["--model", str(tmp_path), "--lexicon", str(tmp_path / "nowhere.tsv")])


def test_the_shipped_file_belongs_to_the_shipped_weights(translator):
    """All pairs were asked; every head of the encoder was measured."""
    stored = load_coreference(checkpoint_folder("en-fr"), translator.about["weights_sha256"])
    config = translator.model.config
    assert stored is not None and stored.counts[ALL].pairs >= 200
    assert stored.gathers.turns.shape == stored.own["antecedent"].change.shape == (config.encoder_layers, config.heads)
    assert sum(got.pairs for name, got in stored.counts.items() if name != ALL) == stored.counts[ALL].pairs
