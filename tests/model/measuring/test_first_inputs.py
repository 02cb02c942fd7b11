"""What people type first: the list is sound, its patterns accept what is right and refuse what is not, and the command counts."""

from __future__ import annotations

import gzip
import re

import pytest

from model.instrument.project import ROOT
from model.measuring import first_inputs
from model.measuring.first_inputs import Answer, FirstInput, ask, plain, read_inputs, share, table, taught

LIST = ROOT / "tests" / "data" / "first-inputs.tsv"
RIGHT = {
    "Hello.": ["Bonjour.", "Salut !"],
    "NO": ["NON", "Non."],
    "how are you": ["comment allez-vous ?", "Comment vas-tu\u202f?", "Ça va ?"],
    "I'm sorry, I'm late.": ["Je suis désolé, je suis en retard.", "Désolée, je suis en retard."],
    "The animal didn't cross the street because it was too tired.": [
        "L’animal n’a pas traversé la rue parce qu’il était trop fatigué."
    ],
    "THE CAT IS BLACK.": ["LE CHAT EST NOIR.", "Le chat est noir."],
    "I have a dog. His name is Max.": ["J'ai un chien. Il s'appelle Max.", "J'ai un chien. Son nom est Max."],
    "What time is it?": ["Quelle heure est-il ?"],
    "Turn left at the next corner.": ["Tournez à gauche au prochain coin.", "Tourne à gauche à la prochaine rue."],
    "I look forward to hearing from you.": ["J'attends avec impatience de vos nouvelles.", "Dans l'attente de votre réponse."],
    "Can we meet tomorrow at noon?": [
        "Pouvons-nous nous rencontrer demain à midi ?",
        "Est-ce qu'on peut se voir demain à midi ?",
    ],
    "“Hello,” she said.": ["« Bonjour », dit-elle.", "“Bonjour”, a-t-elle dit."],
    "The train leaves at 8:30.": ["Le train part à 8 h 30.", "Le train part à huit heures et demie."],
    "Dear Sir or Madam,": ["Madame, Monsieur,", "Cher Monsieur ou Madame,"],
    "2 + 2 = 4": ["2 + 2 = 4"],
}
WRONG = {
    "Hello.": ["Il va à l'exo.", "Bonjour le chat."],
    "Yes.": ["Les Ouis."],
    "dog": ["Un chien chien chien"],
    "NO": ["Oui."],
    "how are you": ["comment"],
    "THE CAT IS BLACK.": ["D'EAAAALLLCCCCCC.", "Le chat est blanc.", "La chat est noir.", "LE CHAT EST NOIRE."],
    "The animal didn't cross the street because it was too tired.": [
        "L'animal n'a pas traversé la rue parce qu'elle était trop fatiguée."
    ],
    "The animal didn't cross the street because it was too wide.": [
        "L'animal n'a pas traversé la rue parce qu'il était trop large."
    ],
    "I have two brothers and one sister.": ["J'ai deux frères et un sœur."],
    "she is my best friend": ["C'est ma meilleur ami."],
    "Turn left at the next corner.": ["Tourne à gauche au coin du coin.", "Tournez à gauche au prochaine coin."],
    "I have a dog. His name is Max.": ["J'ai un chien."],
}


@pytest.fixture(scope="module")
def inputs() -> dict[str, FirstInput]:
    """The list that is shipped, by its English."""
    return {one.english: one for one in read_inputs(LIST)}


def test_the_list_is_long_varied_and_holds_nothing_twice(inputs):
    """Of every kind several; the examples that the page offers are among them."""
    from viz.page.state import EXAMPLES

    assert len(inputs) == len(read_inputs(LIST)) >= 150
    kinds = [one.kind for one in inputs.values()]
    assert len(set(kinds)) >= 14 and all(kinds.count(kind) >= 3 for kind in kinds)
    assert set(EXAMPLES) <= set(inputs)


@pytest.mark.parametrize(("english", "french"), [(key, one) for key, many in RIGHT.items() for one in many])
def test_right_answers_are_accepted(inputs, english, french):
    """In any case, with tu or vous, with or without a final mark and French spaces."""
    assert Answer(inputs[english], french).acceptable


@pytest.mark.parametrize(("english", "french"), [(key, one) for key, many in WRONG.items() for one in many])
def test_wrong_answers_are_refused(inputs, english, french):
    """Also one that begins well, or whose words do not agree."""
    assert not Answer(inputs[english], french).acceptable


def test_no_pattern_accepts_nothing_or_anything(inputs):
    """Each needs words of its own, and babble or another's answer passes by none but those of like inputs."""
    for one in inputs.values():
        assert not one.french.fullmatch("") and not one.french.fullmatch("le le le le")
        assert not Answer(one, "Deux chiens jouent dans la neige.").acceptable or one.english.startswith("Two dogs")


def test_plain_keeps_the_words():
    """Only typography goes."""
    assert plain(" L’été\u00a0! ") == "L'été" and plain("Où ? Ici.") == "Où? Ici" and plain("3.14") == "3.14"


def test_shares_and_the_table_count_the_same(inputs):
    """Two of three, by kind and in all."""
    some = list(inputs.values())[:3]
    answers = [Answer(some[0], "Bonjour."), Answer(some[1], "Bonjour."), Answer(some[2], "Chien.")]
    assert share(answers) == pytest.approx(2 / 3)
    assert "| greeting | 3 | 2 |" in table(answers) and "| all | 3 | 2 (66.7%) |" in table(answers)


def test_the_model_is_asked_as_the_page_asks(tiny_translator, inputs):
    """Greedy, one answer for each, in order."""
    some = list(inputs.values())[:4]
    answers = ask(tiny_translator, some)
    assert [answer.asked for answer in answers] == some
    assert [answer.french for answer in answers] == [tiny_translator.translate(one.english) for one in some]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "line 1: the file is empty"),
        ("english\tfrench\n", "line 1: must be"),
        ("kind\tenglish\tfrench\n", "no inputs"),
        ("kind\tenglish\tfrench\na\tb\n", "line 2"),
        ("kind\tenglish\tfrench\na\tb\tc\na\tb\t(c\n", "line 3.*regular expression"),
    ],
)
def test_a_damaged_list_is_an_error_that_names_the_line(tmp_path, text, what):
    """In words."""
    (tmp_path / "list.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=what):
        read_inputs(tmp_path / "list.tsv")


def test_the_command_prints_failures_and_writes_the_card(tmp_path, monkeypatch, capsys, tiny_translator):
    """What was wrong stands above the table; the card gets the table."""
    monkeypatch.setattr(first_inputs, "load_as", lambda kind, folder, device: tiny_translator)
    (tmp_path / "README.md").write_text("a\n<!-- first-inputs -->\n<!-- /first-inputs -->\nb\n", encoding="utf-8")
    listed = tmp_path / "list.tsv"
    said = re.escape(plain(tiny_translator.translate("Yes.")))
    listed.write_text(f"kind\tenglish\tfrench\nyes-no\tYes.\t{said}\nyes-no\tNo.\tnon\n", encoding="utf-8")
    first_inputs.main(["--model", str(tmp_path), "--inputs", str(listed), "--write-card"])
    printed = capsys.readouterr().out
    assert "yes-no: No. -> " in printed and "yes-no: Yes." not in printed and "1 (50.0%)" in printed
    assert "| yes-no | 2 | 1 |" in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_the_list_is_found_from_any_folder(tmp_path, monkeypatch):
    """It is the shipped one."""
    monkeypatch.chdir(tmp_path)
    assert first_inputs.INPUTS.samefile(LIST) and read_inputs()


def test_the_command_says_what_is_missing(tmp_path):
    """A card without a place, a list that is not there."""
    (tmp_path / "README.md").write_text("nothing\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="first-inputs"):
        first_inputs.main(["--model", str(tmp_path), "--write-card"])
    with pytest.raises(SystemExit, match="nowhere.tsv"):
        first_inputs.main(["--model", str(tmp_path), "--inputs", str(tmp_path / "nowhere.tsv")])


def test_what_stands_in_the_training_phrases_is_counted_apart(tmp_path):
    """In any spelling; without such files the table says nothing of them."""
    with gzip.open(tmp_path / "phrases-a.train.tsv.gz", "wt", encoding="utf-8") as file:
        file.write("HELLO!\tBONJOUR !\nGood night.\tBonne nuit.\n")
    assert taught(tmp_path) == {"hello", "good night"} and taught(tmp_path / "nowhere") == set()
    answers = [
        Answer(FirstInput("greeting", "Hello.", re.compile("bonjour")), "bonjour"),
        Answer(FirstInput("word", "cat", re.compile("chat")), "chien"),
        Answer(FirstInput("word", "dog", re.compile("chien")), "chien"),
    ]
    words = table(answers, taught(tmp_path))
    assert "1 of the inputs are set phrases" in words and "1 of these are acceptable, and of the other 2, 1 (50.0%)" in words
    assert "set phrases" not in table(answers)
