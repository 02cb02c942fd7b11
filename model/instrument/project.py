"""Where the project lies: defaults of commands are relative to it, whatever the current folder."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
