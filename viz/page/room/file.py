"""The SQLite file of the rooms: its tables, and transactions that many threads and processes may ask for at once."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from viz.page.room.values import RoomError

VARIABLE = "HEADLIGHT_ROOMS"
PATIENCE = 10.0  # seconds to wait for another writer
SCHEMA = """
CREATE TABLE IF NOT EXISTS room (code TEXT PRIMARY KEY, teacher TEXT NOT NULL, opened REAL NOT NULL, touched REAL NOT NULL,
    version INTEGER NOT NULL DEFAULT 0, step TEXT NOT NULL DEFAULT '{}', is_pinned INTEGER NOT NULL DEFAULT 0, is_over INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS student (room TEXT NOT NULL REFERENCES room ON DELETE CASCADE, seat TEXT NOT NULL, name TEXT NOT NULL,
    follows INTEGER NOT NULL DEFAULT 1, PRIMARY KEY (room, seat), UNIQUE (room, name)) STRICT;
CREATE TABLE IF NOT EXISTS question (room TEXT NOT NULL REFERENCES room ON DELETE CASCADE, name TEXT NOT NULL, lesson INTEGER NOT NULL,
    part INTEGER NOT NULL, asks TEXT NOT NULL, sentence TEXT NOT NULL, is_revealed INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (room, name)) STRICT;
CREATE TABLE IF NOT EXISTS answer (room TEXT NOT NULL REFERENCES room ON DELETE CASCADE, question TEXT NOT NULL, seat TEXT NOT NULL,
    value TEXT NOT NULL, words TEXT NOT NULL, is_right INTEGER NOT NULL, minute REAL NOT NULL, PRIMARY KEY (room, question, seat)) STRICT;
"""


def default_path() -> Path:
    """Where rooms are kept: what HEADLIGHT_ROOMS says, else a file in the user's folder for what programs remember."""
    if path := os.environ.get(VARIABLE):
        return Path(path).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "headlight" / "rooms.sqlite"
    state = os.environ.get("XDG_STATE_HOME")
    return (
        (Path(state) if state and Path(state).is_absolute() else Path.home() / ".local" / "state") / "headlight" / "rooms.sqlite"
    )


class File:
    """One connection for all threads of a process, one at a time; other processes have theirs."""

    def __init__(self, path: Path) -> None:
        """path: of the file, which is made where it is missing, readable by its owner alone. Raises RoomError where it cannot be opened."""
        self.path, self._lock = path, threading.RLock()
        with self._words():
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
            for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.executescript(SCHEMA)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Everything that is run inside counts, or nothing of it. Inside another one it belongs to that."""
        with self._lock, self._words():
            if self._connection.in_transaction:  # this thread's own: it holds the lock
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def run(self, command: str, *values: object) -> list[tuple]:
        """The rows of one command of SQL. Values stand in it as question marks."""
        with self._lock, self._words():
            return self._connection.execute(command, values).fetchall()

    def row(self, command: str, *values: object) -> tuple | None:
        """Its first row; None where it has none."""
        return next(iter(self.run(command, *values)), None)

    def count(self, table: str, *values: object) -> int:
        """How many rows there are of what stands behind FROM."""
        return self.run(f"SELECT count(*) FROM {table}", *values)[0][0]

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @contextmanager
    def _words(self) -> Iterator[None]:
        """What goes wrong with the file is said in words."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise RoomError(
                f"The file of the rooms cannot be used ({self.path}: {error}). Say where another one can be: --rooms FILE, or {VARIABLE}."
            ) from error
