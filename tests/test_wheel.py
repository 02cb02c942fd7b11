"""The wheel: installed into a fresh environment, outside the checkout, the command opens a page that works."""

from __future__ import annotations

import importlib.util
import os
import shutil
import site
import subprocess
import sys
import sysconfig
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from support.shipped import longest_piece
from websockets.sync.client import connect

from bench.browser import ROOT, free_port, is_up

CARRIED = ("app.py", "viz", "model", ".streamlit", "pretrained/en-fr")  # of the checkout, into the wheel
BUILDS_FROM = (*CARRIED, "pyproject.toml", "README.md", "LICENSE")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built as `pip install .` builds it, from a copy of the checkout: no earlier build can leave anything in it."""
    checkout, out = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("wheel")
    for name in BUILDS_FROM:
        (checkout / name).parent.mkdir(exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, checkout / name, ignore=LEFT_OUT)
        else:
            shutil.copy(ROOT / name, checkout / name)
    isolation = ["--no-build-isolation"] if importlib.util.find_spec("setuptools") else []
    stored = "--config-settings=--build-option=--compression=stored"  # weights hardly get smaller, and take seconds
    pip("wheel", "--no-deps", *isolation, stored, "-w", str(out), str(checkout))
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory) -> Path:
    """A fresh virtual environment with the wheel in it; what the wheel depends on is that of the running one."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=120)
    pip("--python", str(folder / "bin" / "python"), "install", "--no-deps", "--no-index", str(wheel))
    (packages,) = (folder / "lib").glob("python*/site-packages")
    running = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()}
    (packages / "running.pth").write_text("".join(f"{path}\n" for path in sorted(running)))  # behind the wheel's own files
    return folder


def pip(*arguments: str) -> None:
    """Run pip; what it said is in the failure."""
    run = subprocess.run([sys.executable, "-m", "pip", "-q", *arguments], capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr


def clean() -> dict[str, str]:
    """The environment's variables, without those that would lead Python to the checkout."""
    return {**{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}, "STREAMLIT_SERVER_HEADLESS": "true"}


def test_the_wheel_carries_the_page_whole(wheel):
    """Every file of the code, the page's script, its settings and the checkpoint, byte for byte; and nothing of the rest."""
    with zipfile.ZipFile(wheel) as files:
        names = {name for name in files.namelist() if ".dist-info/" not in name}
        there = {
            path.relative_to(ROOT) for name in CARRIED for path in [ROOT / name, *(ROOT / name).rglob("*")] if path.is_file()
        }
        wanted = {path for path in there if "__pycache__" not in path.parts}
        placed = {str(path if path.parts[0] in ("model", "viz") else Path("headlight") / path): path for path in wanted}
        assert names == set(placed)
        assert all(files.read(name) == (ROOT / path).read_bytes() for name, path in placed.items())


def test_the_installed_code_is_not_the_checkout(environment, translator, tmp_path):
    """It finds its own checkpoint, wherever one stands, and translates."""
    program = "import model; from model.instrument.checkpoint import FOLDER; print(model.__file__, FOLDER, model.load_pretrained('en-fr', 'cpu').translate('I am tired.'), sep='\\n')"
    run = subprocess.run(
        [environment / "bin" / "python", "-c", program], cwd=tmp_path, env=clean(), capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    code, folder, said = run.stdout.splitlines()
    assert (
        code.startswith(str(environment)) and folder.startswith(str(environment)) and said == translator.translate("I am tired.")
    )


def test_help_and_errors_of_the_command(environment, tmp_path):
    """From any folder; a name that is not there is answered with those that are."""
    command = environment / "bin" / "headlight"
    helped = subprocess.run([command, "--help"], cwd=tmp_path, env=clean(), capture_output=True, text=True, timeout=60)
    assert helped.returncode == 0 and "--port" in helped.stdout
    lost = subprocess.run([command, "--model", "no-such"], cwd=tmp_path, env=clean(), capture_output=True, text=True, timeout=60)
    assert lost.returncode == 1 and "holds en-fr. Restore the folder: install Headlight again." in lost.stderr
    assert "Traceback" not in lost.stderr


@contextmanager
def opened(environment: Path, folder: Path, *options: str) -> Iterator[str]:
    """The address that `headlight` serves, started in `folder`; what it said is in the failure."""
    port = free_port()
    process = subprocess.Popen(
        [environment / "bin" / "headlight", "--port", str(port), *options], cwd=folder, env=clean(), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    said = []
    try:
        for line in process.stdout:  # it prints its address when it is ready
            said.append(line)
            if "URL:" in line:
                break
        assert said and f"URL: http://127.0.0.1:{port}" in said[-1], "".join(said)  # not "Network URL": the settings are found
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def drawn(address: str, query: str) -> list[ForwardMsg]:
    """What the page's script sends to one browser session, from the first message to its end."""
    with connect(f"ws://{address}/_stcore/stream", subprotocols=["streamlit"], max_size=None, open_timeout=60) as socket:
        ask = BackMsg()
        ask.rerun_script.query_string = query
        socket.send(ask.SerializeToString())
        messages = []
        while not messages or messages[-1].WhichOneof("type") != "script_finished":
            messages.append(ForwardMsg.FromString(socket.recv(timeout=120)))
    return messages


def test_the_command_opens_a_page_that_works(environment, translator, tmp_path):
    """It serves the page, the script runs to its end without an exception, and a sentence that nobody stored is translated."""
    with opened(environment, tmp_path, "--device", "cpu") as address:
        assert is_up(f"http://{address}")
        with urllib.request.urlopen(f"http://{address}/", timeout=30) as answer:
            assert answer.status == 200 and b"<script" in answer.read()
        messages = drawn(address, "text=Two dogs are playing.&view=all-heads")
    elements = [message.delta.new_element for message in messages if message.WhichOneof("type") == "delta"]
    assert not [element for element in elements if element.WhichOneof("type") in ("exception", "alert")]
    shown = "\n".join(element.html.body for element in elements if element.WhichOneof("type") == "html")
    assert longest_piece(translator, "Two dogs are playing.") in shown and "6 + 6 layers" in shown
    themes = [message.new_session.custom_theme for message in messages if message.WhichOneof("type") == "new_session"]
    assert "#007556" in str(themes[0])  # the settings travel, too
