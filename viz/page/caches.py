"""Everything that the page computes once: what it goes by, how much of it is kept, and for whom.

Two caches hold what follows from what readers type, each with a limit in bytes: passes (tensors, shared by all who look at them)
and pictures (pickled, so that everyone gets a copy). What is loaded from files, a handful of models, is in Streamlit's own cache.
"""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from functools import partial, singledispatch, wraps
from inspect import signature
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary, WeakValueDictionary

import streamlit as st
from plotly.basedatatypes import BaseFigure
from streamlit.runtime.scriptrunner import get_script_run_ctx
from torch import Tensor

from model import LanguageReader, RecurrentTranslator, Translator
from model.trace.tokens import Tokens
from model.trace.trace import Trace
from viz.canvas import is_flat, pack_figure
from viz.charts.parts.descriptions import with_description
from viz.charts.parts.signs import with_signs

P = ParamSpec("P")
T = TypeVar("T")

MIB = 2**20
# A class of 30 with 30 sentences each: 15 + 19 tokens take 3.4 MiB; or seven of the longest, 400 MiB each.
MOST_PASSES = 3072 * MIB
MOST_PICTURES = 512 * MIB  # a picture of a usual sentence has 5 to 50 KiB, one of 500 tokens up to 3 MiB
SHARE = 4  # ... but passes take at most this part of the memory of the machine or container: one fourth
SMALL_SHARE = 16  # and pictures this one
CONTAINER = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))  # Linux: cgroups 2 and 1
BIG = 32  # what takes more than this part of a cache, one thirty-second, goes before anything smaller
PASSES_ON_SCREEN = (
    5  # of one reader: the changed model's, the unchanged one's, and of Patch two sentences read alike and the first one patched
)
MODELS = (Translator, RecurrentTranslator, LanguageReader, "model.huggingface.reader.Reader")  # the last one may be away
PICTURES_ON_SCREEN = 24  # of one reader: the fullest view has ten, with tables and translations


# What a value is known by ------------------------------------------------------------------------------------------------


@singledispatch
def key_of(value: object) -> Hashable:
    """What tells a value from others in a cache: equal values have one key, whatever the order of their sets.

    Streamlit's own hash walks through the sets of an Intervention, in an order that differs between equal ones: one and the same
    change of 144 heads, its set filled in 20 orders, had 20 hashes. So keys are compared as Python compares: by value. Raises
    TypeError for what can be told apart only by where it lies in memory: it would be computed again each time.
    """
    if value is not None and type(value).__eq__ is object.__eq__:
        if isinstance(identity := getattr(value, "identity", None), str):  # of a model, whatever sort it is
            return identity
        raise TypeError(f"A {type(value).__name__} is no key for a cache: register one in viz.page.caches.key_of.")
    return value  # a dict looks it up, and says so itself where it cannot


@key_of.register
def _(tensor: Tensor) -> Hashable:
    raise TypeError("A Tensor is no key for a cache: name what it was computed from.")


@key_of.register(list)
@key_of.register(tuple)
def _(values: list | tuple) -> Hashable:
    return tuple(map(key_of, values))


@key_of.register
def _(tokens: Tokens) -> Hashable:
    return tokens.text, tuple(tokens.ids)


@key_of.register
def _(trace: Trace) -> Hashable:
    """A pass does not know its model: name the translator beside it."""
    return key_of([(stack, axis.read, axis.made) for stack, axis in trace.axes.items()]), trace.intervention


# How much of it is kept --------------------------------------------------------------------------------------------------


class Reader:
    """One tab of a browser. Streamlit lets go of it with the rest of the session, and its share of the caches ends with that."""


NOBODY = Reader()  # code that runs outside of a page


def _reader() -> Reader:
    if get_script_run_ctx(suppress_warning=True) is None:
        return NOBODY
    return st.session_state.setdefault("reader", Reader())


@dataclass(frozen=True, eq=False)
class Entry:
    """One value and the bytes that it takes."""

    value: Any
    size: int


class Cache:
    """Values by key, `limit` bytes in all, for many readers at once.

    Where room is needed, what is on nobody's screen goes first: of that the big ones, then whatever nobody has asked for longest.
    Only then goes what someone looks at, by the same order, so that no reader takes another's picture away while all find room. A
    value above the limit is handed out and not kept. Two who ask for the same at the same time wait for one computation; an
    exception is nobody's result and is not kept.
    """

    def __init__(self, limit: int, on_screen: int) -> None:
        """limit: bytes; on_screen: how many values that a reader asked for last count as looked at."""
        self.limit, self.on_screen, self.bytes = limit, on_screen, 0
        self._entries: dict[Hashable, Entry] = {}  # the least recently used first
        self._looked_at: WeakKeyDictionary[Reader, dict[Hashable, None]] = WeakKeyDictionary()
        self._turns: WeakValueDictionary[Hashable, threading.Lock] = WeakValueDictionary()
        self._lock = threading.RLock()

    def get(self, key: Hashable, compute: Callable[[], T], size: Callable[[Any], int], reader: Reader) -> T:
        """The value of a key, computed where it is not there; size: its bytes."""
        entry = self._find(key, reader)
        if entry is None:
            with self._turn(key):
                entry = self._find(key, reader)  # whoever was first has computed it
                if entry is None:
                    value = compute()
                    entry = self._keep(key, Entry(value, size(value)), reader)
        return entry.value

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._entries

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._looked_at.clear()
            self.bytes = 0

    def _turn(self, key: Hashable) -> threading.Lock:
        """The lock of those who compute one value; it is gone when the last of them is."""
        with self._lock:
            lock = self._turns.get(key)
            if lock is None:
                lock = self._turns[key] = threading.Lock()
            return lock

    def _find(self, key: Hashable, reader: Reader) -> Entry | None:
        with self._lock:
            if (entry := self._entries.pop(key, None)) is not None:
                self._entries[key] = entry
                self._look(key, reader)
            return entry

    def _look(self, key: Hashable, reader: Reader) -> None:
        """Note what is on a reader's screen."""
        keys = self._looked_at.setdefault(reader, {})
        keys.pop(key, None)
        keys[key] = None
        while len(keys) > self.on_screen:
            del keys[next(iter(keys))]

    def _keep(self, key: Hashable, entry: Entry, reader: Reader) -> Entry:
        if entry.size <= self.limit:
            with self._lock:
                self._entries[key] = entry
                self.bytes += entry.size
                self._look(key, reader)
                if self.bytes > self.limit:
                    self._make_room()
        return entry

    def _make_room(self) -> None:
        keys_on_screen = set(chain.from_iterable(self._looked_at.values()))
        big = self.limit / BIG
        for key in sorted(self._entries, key=lambda key: (key in keys_on_screen, self._entries[key].size <= big)):
            if self.bytes <= self.limit:
                return
            self.bytes -= self._entries.pop(key).size


def tensor_bytes(value: object) -> int:
    """The bytes of all tensors in a value, dataclasses, mappings and sequences looked through; anything else counts as nothing."""
    if isinstance(value, Tensor):
        return value.untyped_storage().nbytes()
    if is_dataclass(value):
        return sum(tensor_bytes(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, Mapping):
        return sum(map(tensor_bytes, value.values()))
    return sum(map(tensor_bytes, value)) if isinstance(value, (list, tuple)) else 0


def room_for(most: int, share: int, limits: Sequence[Path] = CONTAINER) -> int:
    """Bytes: `most`, or the share of a small machine's or container's memory. limits: files that say how much a container may take."""
    rooms = [most]
    with suppress(AttributeError, OSError, ValueError):  # Windows does not say
        rooms.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // share)
    for path in limits:
        with suppress(OSError, ValueError):  # no such file, or "max"
            rooms.append(int(path.read_text(encoding="ascii")) // share)
    return min(rooms)


passes = Cache(room_for(MOST_PASSES, SHARE), PASSES_ON_SCREEN)
pictures = Cache(room_for(MOST_PICTURES, SMALL_SHARE), PICTURES_ON_SCREEN)


def clear() -> None:
    """Forget what was computed; models stay loaded."""
    passes.clear()
    pictures.clear()


# How functions use it ----------------------------------------------------------------------------------------------------


def shared(function: Callable[P, T]) -> Callable[P, T]:
    """A function computed once for equal arguments: all get the same value, so nobody may change it. Counted by its tensors."""
    key = _keys(function)

    @wraps(function)
    def look_up(*args: P.args, **kwargs: P.kwargs) -> T:
        return passes.get(key(*args, **kwargs), lambda: function(*args, **kwargs), tensor_bytes, _reader())

    return look_up


def cached(function: Callable[P, T]) -> Callable[P, T]:
    """A function computed once for equal arguments; everyone gets a copy. Counted by its pickle."""
    key = _keys(function)

    @wraps(function)
    def look_up(*args: P.args, **kwargs: P.kwargs) -> T:
        return _copied(key(*args, **kwargs), lambda: function(*args, **kwargs))

    return look_up


def picture(name: str, *key: object, build: Callable[[], T]) -> T:
    """What `build` draws, its minus signs as people write them, with its sentence; `name` and the rest are what it goes by.

    A flat figure of Plotly comes as the bytes that the browser gets: see `viz.canvas.pack_figure`.
    """
    return _copied(("picture", name, key_of(key)), lambda: cast(T, _packed(with_description(with_signs(build())))))


def _packed(value: object) -> object:
    """A flat figure as bytes; anything else as it is."""
    return pack_figure(value) if isinstance(value, BaseFigure) and is_flat(value) else value


# What is read from files, by checkpoint.
loaded = partial(st.cache_resource, show_spinner=False, hash_funcs=dict.fromkeys(MODELS, attrgetter("identity")))


def _keys(function: Callable) -> Callable[..., Hashable]:
    """Arguments of a call, however they are passed, as its key."""
    parameters = signature(function)

    def key(*args: object, **kwargs: object) -> Hashable:
        call = parameters.bind(*args, **kwargs)
        call.apply_defaults()
        return function.__module__, function.__qualname__, *map(key_of, call.arguments.values())

    return key


def _copied(key: Hashable, compute: Callable[[], T]) -> T:
    """The value of a key; whoever computes it keeps the original and leaves a pickle."""
    values: list[T] = []

    def pickled() -> bytes:
        values.append(compute())
        return pickle.dumps(values[0])

    data = pictures.get(key, pickled, len, _reader())
    return values[0] if values else pickle.loads(data)
