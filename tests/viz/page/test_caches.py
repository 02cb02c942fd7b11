"""Caches: one key for equal values, limits in bytes, and what goes first where room is short."""

from __future__ import annotations

import gc
import itertools
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import permutations

import pytest
import torch
from streamlit.testing.v1 import AppTest
from support.handmade import READER, RECURRENT, WRITER, trace_of

from model import Intervention
from viz.page import caches
from viz.page.caches import Cache, Reader, key_of, tensor_bytes

HEADS = [(kind, layer, head) for kind in ("encoder", "decoder", "cross") for layer in range(6) for head in range(8)]
LINKS = [("cross", None, query, key) for query in range(6) for key in range(6)]


@pytest.fixture(autouse=True)
def empty():
    """Nothing is left from other tests, or for them."""
    caches.clear()
    yield
    caches.clear()


def look(cache: Cache, key: object, size: int, reader: Reader) -> bool:
    """Ask for a value of so many bytes. Returns whether it was there."""
    computed = []
    cache.get(key, lambda: computed.append(key), lambda _: size, reader)
    return not computed


# Keys --------------------------------------------------------------------------------------------------------------------


def test_an_equal_change_has_one_key_whatever_the_order_of_its_sets():
    """Filled in 20 orders, from JSON, or with another set that grew and shrank: one entry, computed once."""
    calls = []

    @caches.cached
    def drawn(change: Intervention, name: str = "grid") -> int:
        calls.append(change)
        return len(change.heads_off)

    for seed in range(20):
        shuffled = random.Random(seed)
        heads, links = shuffled.sample(HEADS, len(HEADS)), shuffled.sample(LINKS, len(LINKS))
        change = Intervention(heads_off=frozenset(heads), cut=frozenset(links))
        assert drawn(change) == drawn(Intervention.from_dict(change.to_dict()), name="grid") == len(HEADS)
    assert len(calls) == 1
    assert drawn(replace(change, heads_off=change.heads_off - {HEADS[0]})) == len(HEADS) - 1 and len(calls) == 2


def test_what_differs_has_another_key(tiny_translator):
    """Text, translation, change, order of arguments: each one tells passes apart."""
    trace = tiny_translator.trace("A dog.", "Un chien.")
    others = [
        tiny_translator.trace("A dog!", "Un chien."), tiny_translator.trace("A dog.", "Un chat."),
        tiny_translator.trace("A dog.", "Un chien.", Intervention(scaled=False)), tiny_translator.trace("a dog.", "Un chien."),
    ]  # fmt: skip
    keys = [key_of(one) for one in (trace, *others)]
    assert len(set(keys)) == len(keys) and key_of(tiny_translator.trace("A dog.", "Un chien.")) == keys[0]
    assert len({key_of(order) for order in permutations((tiny_translator, trace, "x"))}) == 6


@pytest.mark.parametrize("anatomy", [READER, WRITER, RECURRENT], ids=["reader", "writer", "recurrent"])
def test_a_pass_of_any_model_has_a_key_and_a_size(anatomy):
    """Also where no row predicts the next token, and where all but the weights is missing."""
    trace, bare = trace_of(anatomy), trace_of(anatomy, whole=False)
    assert key_of(trace) == key_of(trace_of(anatomy, seed=1)) != key_of(trace_of(anatomy, change=Intervention(temperature=2.0)))
    assert tensor_bytes(trace) > tensor_bytes(bare) >= sum(map_.weights.numel() * 4 for map_ in bare.attention.values())


def test_what_lies_in_memory_is_no_key():
    """A tensor, or an object that is equal to itself alone, would be computed again each time."""
    for value in (torch.zeros(2), object(), Reader(), [torch.zeros(2)]):
        with pytest.raises(TypeError, match="no key for a cache"):
            key_of(value)


# Limits ------------------------------------------------------------------------------------------------------------------


def test_thirty_readers_with_thirty_sentences_do_not_evict_each_other():
    """At the limits of the page with a usual sentence: everyone finds all of theirs at the second look."""
    usual, cache = int(3.4 * caches.MIB), Cache(caches.MOST_PASSES, caches.PASSES_ON_SCREEN)
    readers = [Reader() for _ in range(30)]
    visits = [(reader, (number, sentence)) for sentence in range(30) for number, reader in enumerate(readers)]
    assert not any(look(cache, key, usual, reader) for reader, key in visits)
    assert all(look(cache, key, usual, reader) for reader, key in visits)
    assert len(cache) == 900 and cache.bytes <= cache.limit


def test_the_bytes_stay_below_the_limit():
    """Of sizes of every sort, whatever is asked for in which order, and the sum is that of what is there."""
    cache, chance, readers = Cache(1000, 2), random.Random(0), [Reader() for _ in range(5)]
    sizes = {key: chance.choice([0, 1, 7, 31, 32, 90, 400, 999, 1000]) for key in range(60)}
    for _ in range(2000):
        key = chance.randrange(60)
        look(cache, key, sizes[key], chance.choice(readers))
        assert cache.bytes == sum(size for key, size in sizes.items() if key in cache) <= 1000


def test_a_container_has_the_memory_that_it_may_take(tmp_path):
    """The least of the limits counts; files that say nothing do not."""
    limits = [tmp_path / name for name in ("small", "large", "none", "missing")]
    for path, text in zip(limits, (f"{2**20}\n", f"{2**40}\n", "max\n"), strict=False):
        path.write_text(text, encoding="ascii")
    assert caches.room_for(caches.MOST_PASSES, 4, limits) == 2**18
    assert caches.room_for(10**6, 4, limits[1:]) == 10**6


def test_what_nobody_asked_for_longest_goes_first():
    """And what was asked for again stays."""
    cache, reader = Cache(100, 1), Reader()
    for key in "abc":
        look(cache, key, 3, reader)
    assert look(cache, "a", 3, reader)
    for key in range(32):
        look(cache, key, 3, reader)
    assert "b" not in cache and "c" not in cache and "a" in cache


def test_a_big_one_goes_before_many_small_ones():
    """One long text does not cost all the sentences of a class once it is off the screen."""
    cache, reader, other = Cache(100, 1), Reader(), Reader()
    for key in range(20):
        look(cache, key, 3, other)
    look(cache, "long", 39, reader)
    look(cache, "next", 3, reader)
    assert "long" not in cache and all(key in cache for key in range(20)) and "next" in cache


def test_what_is_above_the_limit_is_handed_out_and_not_kept():
    """Nothing else goes for it."""
    cache, reader = Cache(100, 1), Reader()
    look(cache, "small", 3, reader)
    assert not look(cache, "huge", 101, reader) and not look(cache, "huge", 101, reader)
    assert "small" in cache and "huge" not in cache and cache.bytes == 3


def test_nobody_takes_away_what_another_looks_at():
    """A reader walks through a hundred sentences; the others' are still there, until they leave the page."""
    cache, walker, others = Cache(100, 2), Reader(), [Reader() for _ in range(10)]
    for number, reader in enumerate(others):
        look(cache, number, 3, reader)
    for step in range(100):
        look(cache, f"step {step}", 3, walker)
    assert all(number in cache for number in range(10))
    del reader, others
    gc.collect()
    for step in range(100, 130):
        look(cache, f"step {step}", 3, walker)
    assert not any(number in cache for number in range(10))


def test_where_all_look_at_more_than_fits_the_longest_unasked_goes():
    """A reader who is gone without a word does not fill the cache for ever."""
    cache, readers = Cache(100, 1), [Reader() for _ in range(50)]
    for number, reader in enumerate(readers):
        look(cache, number, 3, reader)
    assert [number for number in range(50) if number in cache] == list(range(17, 50))


def test_each_tab_is_a_reader_and_its_share_ends_with_its_session():
    """Two tabs of the page are two readers; what Streamlit lets go of is on no screen any more."""

    def page() -> None:
        from viz.page import caches

        caches.picture("word", "cat", build=lambda: "cat")

    tabs = [AppTest.from_function(page, default_timeout=60).run() for _ in range(2)]
    assert not any(tab.exception for tab in tabs) and len(caches.pictures) == 1
    readers = list(caches.pictures._looked_at)
    assert len(readers) == 2 and caches.NOBODY not in readers
    del tabs, readers
    gc.collect()
    assert not caches.pictures._looked_at and len(caches.pictures) == 1


# Threads -----------------------------------------------------------------------------------------------------------------


def test_two_who_ask_for_the_same_compute_it_once():
    """Everyone gets the one value; other values are computed meanwhile."""
    cache, calls, inside, go_on = Cache(100, 1), [], threading.Event(), threading.Event()

    def slow() -> str:
        calls.append("slow")
        inside.set()
        assert go_on.wait(20)
        return "value"

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(cache.get, "same", slow, len, Reader()) for _ in range(7)]
        assert inside.wait(20)
        assert pool.submit(cache.get, "another", lambda: "quick", len, Reader()).result(20) == "quick"
        go_on.set()
        assert [one.result(20) for one in asked] == ["value"] * 7
    assert calls == ["slow"]


def test_an_exception_is_not_kept():
    """Whoever waited tries again."""
    cache, attempts = Cache(100, 1), itertools.count()

    def second_time() -> str:
        if next(attempts) == 0:
            raise ValueError("not yet")
        return "value"

    with pytest.raises(ValueError, match="not yet"):
        cache.get("key", second_time, len, Reader())
    assert cache.get("key", second_time, len, Reader()) == "value" and len(cache) == 1


def test_many_threads_leave_the_sum_right():
    """Eight of them, keys that come and go: the bytes are those of what is there."""
    cache = Cache(200, 2)

    def walk(seed: int) -> None:
        chance, reader = random.Random(seed), Reader()
        for _ in range(500):
            key = chance.randrange(40)
            look(cache, key, key, reader)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(walk, range(8)))
    assert cache.bytes == sum(key for key in range(40) if key in cache) <= 200


# What functions get ------------------------------------------------------------------------------------------------------


def test_cached_values_are_copies_and_shared_ones_are_not():
    """A figure may be changed after it was read; a pass is one and the same for all."""
    copied, same = caches.cached(lambda name: {"name": [name]}), caches.shared(lambda name: {"name": [name]})
    copied("a")["name"].append("changed")
    copied("a")["name"].append("changed")
    assert copied("a") == {"name": ["a"]} and same("a") is same("a")


def test_a_pass_counts_its_tensors(tiny_translator):
    """Weights and scores of a longer sentence grow with its square, so it counts for more."""
    short, long = (tiny_translator.trace(text) for text in ("A dog.", "A dog. " * 8))
    weights = sum(map_.weights.numel() + map_.scores.numel() for map_ in long.attention.values()) * 4
    assert tensor_bytes(long) > tensor_bytes(short) and tensor_bytes(long) >= weights + long.logits.numel() * 4

    @dataclass
    class Two:
        first: torch.Tensor
        more: dict

    assert tensor_bytes(Two(torch.zeros(10), {"a": [torch.zeros(5), "text"], "b": 3})) == 60
