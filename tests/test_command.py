"""The command `headlight`: what it understands, what it refuses in words, and what it hands to Streamlit."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from bench.browser import ROOT, free_port
from model.instrument import checkpoint
from viz import command
from viz.command import ADDRESS, check, is_free, main, read_options, script_options, streamlit_arguments


def test_help_names_every_option_without_loading_a_model():
    """In the words of a reader; at once, as it needs no torch."""
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "viz.command", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0 and run.stdout.startswith("usage: headlight")
    assert all(option in run.stdout for option in ("--help", "--model", "--device", "--port", "--rooms"))
    assert "torch" not in run.stderr and "streamlit" not in run.stderr


REFUSED = [
    (["--port", "x"], "invalid int value"), (["--port", "0"], "from 1 to 65535"), (["--port", "70000"], "from 1 to 65535"),
    (["--port", "-5"], "from 1 to 65535"), (["--model"], "expected one argument"), (["--bogus"], "--bogus"), (["--dev", "cpu"], "--dev"),
    (["page"], "page"), (["--device", "tpu"], "choose cuda, mps or cpu"), (["--device", ""], "choose cuda, mps or cpu"),
    (["--device", "cuda:x"], "choose cuda, mps or cpu"), (["--device", "cpu:7"], "finds none here"),
    (["--model", "no-such"], "no-such"), (["--model", ""], "Cannot read"), (["--model", "x" * 5000], "Cannot read"),
    (["--rooms", "/"], "file of the rooms cannot be used"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), REFUSED, ids=str)
def test_what_cannot_be_opened_is_refused_in_words_before_a_server_starts(arguments, said, monkeypatch):
    """One sentence that begins with "error: ", no traceback, and Streamlit is never called."""
    monkeypatch.setattr("streamlit.web.cli.main", lambda **_: pytest.fail("a server was started"))
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    message = str(caught.value)
    assert message.startswith("error: ") and said in message and len(message) < 700


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_device_that_is_not_there_is_refused():
    """--device cuda without one."""
    with pytest.raises(ValueError, match="finds none here"):
        check(read_options(["--device", "cuda"]))


def test_a_port_that_is_taken_is_refused():
    """With what to do."""
    with socket.socket() as taken:
        taken.bind((ADDRESS, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(ValueError, match=f"Port {port} is taken. Choose another"):
            check(read_options(["--port", str(port)]))
    assert is_free(port)


@pytest.mark.parametrize("content", ["[server", "\x00", None, b"\xff\xfe"])
def test_damaged_settings_are_named(tmp_path, monkeypatch, content):
    """.streamlit/config.toml that is cut short, other bytes or missing: Streamlit would stop with a traceback, or listen to the whole network."""
    monkeypatch.setattr(checkpoint, "HOME", tmp_path)
    (tmp_path / ".streamlit").mkdir()
    if content is not None:
        (tmp_path / ".streamlit" / "config.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match="config.toml cannot be read"):
        check(read_options(["--device", "cpu"]))


def test_streamlit_runs_the_page_with_its_own_options(monkeypatch, tmp_path):
    """The script of the project, the port for the server, model and device for the script."""
    called, rooms = [], str(tmp_path / "rooms.sqlite")
    monkeypatch.setattr(sys, "argv", ["headlight"])
    monkeypatch.setattr("streamlit.web.cli.main", lambda **_: called.append(list(sys.argv)))
    port = free_port()
    main(["--model", "en-fr-none", "--device", "cpu", "--port", str(port), "--rooms", rooms])
    assert called == [
        [
            "headlight",
            "run",
            str(ROOT / "app.py"),
            "--server.port",
            str(port),
            "--",
            "--model",
            "en-fr-none",
            "--device",
            "cpu",
            "--rooms",
            rooms,
        ]
    ]
    assert streamlit_arguments(read_options([]), Path("x.py")) == ["run", "x.py", "--", "--model", "en-fr"]
    several = streamlit_arguments(read_options(["--model", "en-fr", "--model", "FOLDER"]), Path("x.py"))
    assert several == ["run", "x.py", "--", "--model", "en-fr", "--model", "FOLDER"]


def test_the_settings_beside_the_script_serve_this_machine_alone():
    """What the check of a port goes by is what the server listens on."""
    assert f'address = "{ADDRESS}"' in (ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    assert command.ADDRESS == "127.0.0.1"


def test_the_script_takes_its_own_options_and_leaves_others():
    """As `streamlit run app.py -- …` gives them."""
    options = script_options(["--device", "cpu", "-q", "--theirs", "x", "--model", "en-fr-learned", "--rooms", "x.sqlite"])
    assert (options.model, options.device, options.rooms) == (["en-fr-learned"], "cpu", "x.sqlite")
    assert (script_options([]).model, script_options([]).device, script_options([]).rooms) == (["en-fr"], None, None)


@pytest.mark.parametrize("arguments", [["--model"], ["--device"], ["--model", "--device", "cpu"]])
def test_an_option_without_its_value_is_said_on_the_page(arguments, monkeypatch):
    """The script has no console: without words the page would be empty."""
    monkeypatch.setattr("sys.argv", ["app.py", *arguments])
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not app.exception and "expected one argument" in app.error[0].value
