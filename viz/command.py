"""The command `headlight`: opens the page in the browser, from any folder; `headlight corpus` counts what heads do over a text."""

from __future__ import annotations

import argparse
import socket
import sys
import tomllib
from pathlib import Path
from typing import NoReturn

MODELS = ("en-fr",)  # where none is named
ADDRESS = "127.0.0.1"  # as .streamlit/config.toml says


class Options(argparse.ArgumentParser):
    """The options of the page's script. What is wrong with them is a ValueError in words: the script has no console."""

    def __init__(self, **more) -> None:
        super().__init__(allow_abbrev=False, **more)
        self.add_argument(
            "--model", action="append",
            help="a checkpoint in pretrained/, a folder of ours or of Hugging Face, or owner/name on its hub (default: en-fr); again for "
            "another one to choose from",
        )  # fmt: skip
        self.add_argument("--device", help="cuda, mps or cpu; the best one that is there by default")
        self.add_argument(
            "--rooms", metavar="FILE", help="where classes are kept (default: HEADLIGHT_ROOMS, else in your folder for state)"
        )

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong as a ValueError that is a sentence."""
        raise ValueError(f"{message[:1].upper()}{message[1:]}.")


def script_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """`model` (a list), `device` and `rooms` as `streamlit run app.py -- …` gives them; others are not ours. Raises ValueError in words."""
    return with_model(Options(add_help=False).parse_known_args(arguments)[0])


def with_model(args: argparse.Namespace) -> argparse.Namespace:
    """The same, with the models that there are where none is named: a default would stay in front of those that are."""
    args.model = args.model or list(MODELS)
    return args


def read_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line of `headlight`: model, device, port. Raises ValueError in words."""
    parser = Options(
        prog="headlight",
        description="Opens Headlight in your browser: what every attention head looks at. `headlight corpus --help`: over a whole text.",
    )
    parser.add_argument(
        "--port", type=int, help="where the page is served on this machine; by default 8501 or the next one that is free"
    )
    args = with_model(parser.parse_args(arguments))
    if args.port is not None and not 1 <= args.port <= 65535:
        raise ValueError(f"--port takes a number from 1 to 65535, not {args.port}.")
    return args


def check(args: argparse.Namespace) -> Path:
    """Whether the page can open at all, before a server is started. Returns the page's script.

    Raises ValueError, in words, for a model, a device, a port or settings that are not there, and for a file of rooms that cannot be used.
    """
    from model.huggingface import is_foreign, lacking  # not for --help: torch takes seconds
    from model.instrument.checkpoint import HOME, checkpoint_folder, cut, read_config
    from model.instrument.pretrained import CheckpointError, DeviceError, choose_device
    from viz.page.room.rooms import Rooms

    try:
        for name in args.model:
            if not is_foreign(name):
                read_config(checkpoint_folder(name))
            elif reason := lacking(name):
                raise ValueError(reason)
        choose_device(args.device)
    except (CheckpointError, DeviceError) as error:
        raise ValueError(str(error)) from error
    if args.port is not None and not is_free(args.port):
        raise ValueError(f"Port {args.port} is taken. Choose another --port, or leave it away: the next free one is found.")
    if args.rooms is not None:
        Rooms(Path(args.rooms)).close()  # RoomError is a ValueError
    settings = HOME / ".streamlit" / "config.toml"
    try:
        tomllib.loads(settings.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{cut(settings)} cannot be read ({error}). Restore it, or install Headlight again.") from error
    return HOME / "app.py"


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one that was closed a moment ago is free
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
    return True


def streamlit_arguments(args: argparse.Namespace, script: Path) -> list[str]:
    """The command line of Streamlit that opens the page; its settings lie beside the script."""
    server = ["--server.port", str(args.port)] if args.port is not None else []
    device = ["--device", args.device] if args.device is not None else []
    rooms = ["--rooms", args.rooms] if args.rooms is not None else []
    models = [part for name in args.model for part in ("--model", name)]
    return ["run", str(script), *server, "--", *models, *device, *rooms]


def main(arguments: list[str] | None = None) -> None:
    """Open the page, and serve it until Ctrl+C; or, for `headlight corpus`, what `model.corpus` does."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["corpus"]:
        from model.corpus.__main__ import main as corpus

        return corpus(words[1:])
    try:
        args = read_options(arguments)
        script = check(args)
    except ValueError as error:
        raise SystemExit(f"error: {error}") from error
    from streamlit.web import cli

    sys.argv[1:] = streamlit_arguments(args, script)
    cli.main(prog_name="streamlit")


if __name__ == "__main__":
    main()
