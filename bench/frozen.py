"""Whether a change of the code changed the page: `python -m bench.frozen FILE` writes what twelve states of it show, or compares with what FILE says.

What is compared: the words, the JSON of every chart and the bytes of every canvas, as hashes, in the order of the page. Run it before a
change that must not be seen, and again after it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[1]
TIME = re.compile(r"[\d.]+ (ms|s)\b")  # how long a pass took is not what is compared
TEXT = "The dog that chased the cats is tired."
STATES = [
    {},
    {"view": "all-heads", "text": TEXT, "causal": "off"},
    {"view": "one-head", "text": TEXT, "kind": "decoder", "layer": "3", "head": "2"},
    {"view": "lines", "text": TEXT, "kind": "cross", "layer": "4", "head": "5"},
    {"view": "qkv", "text": TEXT, "kind": "cross", "layer": "2", "head": "1"},
    {"view": "steps", "text": TEXT, "kind": "encoder", "layer": "2", "head": "3"},
    {"view": "layers", "text": TEXT, "heads_off": "encoder.2.3"},
    {"view": "output", "text": TEXT, "target": "Le chien est fatigué."},
    {"view": "positions", "text": TEXT, "source_positions": "reversed"},
    {"view": "origin", "text": TEXT, "temperature": "2"},
    {"view": "knockout", "text": TEXT},
    {"view": "pair", "text": TEXT, "second": "The cat that chased the dogs is tired."},
    {"view": "patch", "text": TEXT, "second": "The cat that chased the cats is tired."},
]


def digest(content: bytes | str) -> str:
    """The first 16 hexadecimal digits of the SHA-256."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()[:16]


def drawn(app: AppTest) -> Iterator[tuple[str, str]]:
    """(kind of element, hash of what it shows), in the order of the page."""
    for node in app:
        name = node.type
        proto: Any = getattr(node, "proto", None)
        if name == "plotly_chart":
            yield "plotly", digest(proto.spec)
        elif name == "vega_lite_chart":
            tables = [proto.data.data, *(dataset.data.data for dataset in proto.datasets)]
            yield "altair", digest(proto.spec.encode() + b"".join(tables))
        elif name == "bidi_component":
            payload = proto.SerializeToString() if not proto.WhichOneof("data") else getattr(proto, proto.WhichOneof("data"))
            yield (
                f"canvas {proto.component_name.rpartition('.')[2]}",
                digest(payload if isinstance(payload, bytes | str) else payload.SerializeToString()),
            )
        elif name in ("html", "markdown", "caption"):
            yield name, digest(TIME.sub("", proto.body))


def frozen() -> list[dict]:
    """What each state shows, and which of its settings the address does not take."""
    found = []
    for query in STATES:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        problems = [element.value for element in [*app.exception, *app.error, *app.warning]]
        found.append({"state": query, "problems": problems, "shows": [list(entry) for entry in drawn(app)]})
    return found


def main(arguments: list[str] | None = None) -> None:
    """Write the file where it is not there; else compare."""
    parser = argparse.ArgumentParser(prog="python -m bench.frozen", description=__doc__)
    parser.add_argument("file", type=Path, help="JSON file that is written, or compared with where it is there")
    path, now = parser.parse_args(arguments).file, frozen()
    if not path.exists():
        path.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"{path} says what {len(now)} states show.")
        return
    differing = 0
    for before, after in zip(json.loads(path.read_text(encoding="utf-8")), now, strict=True):
        if before != after:
            differing += 1
            print(f"{before['state']}: {before['problems']} -> {after['problems']}")
            gone = [entry for entry in before["shows"] if entry not in after["shows"]]
            come = [entry for entry in after["shows"] if entry not in before["shows"]]
            print(f"  no more: {gone}\n  new: {come}")
    print(f"{len(now) - differing} of {len(now)} states show the same.")
    if differing:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
