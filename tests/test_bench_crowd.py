"""The timings of many readers: a crowd that does what it says, and turns that share all of it."""

from __future__ import annotations

import asyncio
import random
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from types import SimpleNamespace

import pytest

from bench import crowd, replicas, sessions


@pytest.mark.parametrize(
    ("bench", "arguments", "said"),
    [
        (sessions, ["--readers", "1"], "from 2 to 100"), (replicas, ["--readers", "101"], "from 2 to 100"), (sessions, ["--runs", "0"], "at least 1"),
        (replicas, ["--pause", "-1"], "--pause seconds"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_answered_in_words(bench, arguments, said, capsys):
    """What is allowed is named; no traceback."""
    with pytest.raises(SystemExit):
        bench.main(arguments)
    assert said in capsys.readouterr().err


def test_readers_have_sentences_of_their_own(translator):
    """As many as the most readers need, no two the same, each within the lengths that the page of timings names."""
    texts = crowd.texts_of(translator.tokenizer, crowd.MOST_READERS, random.Random(1))
    every = [text for own in texts for text in own]
    assert len(every) == len(set(every)) == crowd.OWN * crowd.MOST_READERS and min(map(len, texts)) == crowd.OWN
    assert {len(translator.source(text)) for text in every} <= set(crowd.LENGTHS)


def test_a_plan_changes_the_page_every_time():
    """No view is opened that is open, sentences come in turn, and the same seed plans the same."""
    texts, views = ["One.", "Two.", "Three."], ["lines", "roles", "steps"]
    plan = list(islice(crowd.acts(texts, views, random.Random(3)), 60))
    assert plan == list(islice(crowd.acts(texts, views, random.Random(3)), 60))
    shows = {"text": "Hello.", "view": views[0]}
    for act in plan:
        assert shows[act.name] != act.value
        shows[act.name] = act.value
    assert [act.value for act in plan if act.kind == crowd.TYPE][:6] == texts * 2
    assert {act.value for act in plan if act.kind == crowd.OPEN} == set(views)


def reader(query: str) -> crowd.Reader:
    """One whose page says that it is at this address after every run."""
    visitor = SimpleNamespace(query=query, runs=0, is_still=True)

    async def ask(*_):
        visitor.runs += 1

    async def until(holds):
        assert holds(visitor)
        return float("inf")

    visitor.type = visitor.tell = ask
    visitor.until = until
    return crowd.Reader(visitor, iter(()), "lines", random.Random(0))


def run(coroutine) -> None:
    """In a thread of its own: a browser that an earlier test has opened leaves a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, coroutine).result()


def test_only_what_the_page_shows_counts():
    """Another sentence or view than was asked for ends the timing; the first view does not stand in the address."""
    run(reader("?text=Two+dogs.").do(crowd.Act(crowd.TYPE, "text", "Two dogs.")))
    run(reader("?text=Two+dogs.").do(crowd.Act(crowd.OPEN, "view", "lines")))
    with pytest.raises(RuntimeError, match="shows the text 'Two' where 'Two dogs.' was asked for"):
        run(reader("?text=Two").do(crowd.Act(crowd.TYPE, "text", "Two dogs.")))
    with pytest.raises(RuntimeError, match="shows the view 'lines'"):
        run(reader("?text=Two").do(crowd.Act(crowd.OPEN, "view", "roles")))


@pytest.mark.parametrize(("count", "rounds"), [(8, 4), (7, 4), (2, 4), (1, 1)])
def test_turns_share_all_runs(count, rounds):
    """None is left out, none is empty, and they differ by one at most."""
    turns = replicas.parts(count, rounds)
    assert sum(turns) == count and min(turns) >= 1 and max(turns) - min(turns) <= 1 and len(turns) <= rounds
