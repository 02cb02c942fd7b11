"""How a training run went: losses and learning rate. `python -m viz.charts.training FOLDER` draws the log of a folder."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import altair as alt

from model.training.export import LOG
from model.training.run_files import read_log
from viz.theme import LIGHT, PALETTES, Palette, altair_theme

PICTURE = "training-curve.svg"
WIDTH, HEIGHT = 860, 440  # px
BELOW = 0.3  # share of the height that is left under the losses; the learning rate takes two thirds of it
NAMES = {"train_loss": "training", "dev_loss": "development"}


def training_curve(rows: list[dict], colours: Palette = LIGHT) -> alt.LayerChart:
    """Loss over steps, and under it, faintly, the learning rate.

    rows: one dict a line of the log, with step, epoch, train_loss, dev_loss and learning_rate as numbers or as CSV text;
    dev_loss may be empty. Losses are cross-entropy, nats per target token; the development loss is drawn where it changes,
    once an epoch. Raises ValueError when there is nothing to draw.
    """
    tidy = [_number(row) for row in rows]
    train = [
        {"step": row["step"], "loss": row["train_loss"], "name": NAMES["train_loss"]}
        for row in tidy
        if row["train_loss"] is not None
    ]
    if not train:
        raise ValueError("The training log is empty: nothing has been logged yet.")
    development, last = [], None
    for row in tidy:
        if row["dev_loss"] is not None and row["dev_loss"] != last:
            last = row["dev_loss"]
            development.append({"step": row["step"], "epoch": row["epoch"], "loss": last, "name": NAMES["dev_loss"]})
    rates = [{"step": row["step"], "rate": row["learning_rate"]} for row in tidy if row["learning_rate"] is not None]
    x = alt.X("step:Q", title="training step", scale=alt.Scale(nice=False), axis=alt.Axis(format=",d", grid=False, tickCount=8))
    chart = alt.layer(alt.layer(*_losses(train, development, x, colours)), *_rates(rates, x, colours)).resolve_scale(
        y="independent"
    )
    return chart.properties(width=WIDTH, height=HEIGHT).configure(**altair_theme(colours)["config"])


def _losses(train: list[dict], development: list[dict], x: alt.X, colours: Palette) -> list[alt.Chart]:
    """Upper panel: the noisy training loss and the development loss, the last one in numbers."""
    scale = alt.Scale(domain=list(NAMES.values()), range=[colours.soft, colours.encoder])
    colour = alt.Color("name:N", scale=scale, legend=alt.Legend(title=None))
    ticks = _ticks([row["loss"] for row in train + development])
    spread = alt.Scale(nice=False, zero=False, domain=[ticks[0] - (ticks[-1] - ticks[0]) * BELOW / (1 - BELOW), ticks[-1]])
    y = alt.Y("loss:Q", title="loss, nats per token", axis=alt.Axis(values=ticks, titleAnchor="end"), scale=spread)
    tip = [
        alt.Tooltip("step:Q", format=",d"),
        alt.Tooltip("name:N", title="loss on"),
        alt.Tooltip("loss:Q", title="nats per token", format=".3f"),
    ]
    noisy = alt.Chart(alt.Data(values=train)).mark_line(strokeWidth=1.5).encode(x=x, y=y, color=colour, tooltip=tip)
    if not development:
        return [noisy]
    base = alt.Chart(alt.Data(values=development)).encode(x=x, y=y)
    line = base.mark_line(strokeWidth=3).encode(color=colour)
    dots = base.mark_circle(size=80, opacity=1).encode(color=colour, tooltip=[alt.Tooltip("epoch:Q"), *tip])
    final = alt.Chart(alt.Data(values=development[-1:])).mark_text(dy=-14, fontWeight=600, color=colours.encoder)
    return [noisy, line, dots, final.encode(x=x, y=y, text=alt.Text("loss:Q", format=".2f"))]


def _rates(rates: list[dict], x: alt.X, colours: Palette) -> list[alt.Chart]:
    """Lower panel: the learning rate; none where the log has none."""
    if not rates:
        return []
    peak = max(row["rate"] for row in rates) or 1
    axis = alt.Axis(values=[0, peak], format="~g", titleAnchor="start", orient="left", grid=False)
    y = alt.Y("rate:Q", title="learning rate", axis=axis, scale=alt.Scale(nice=False, domain=[0, peak * 3 / 2 / BELOW]))
    tip = [alt.Tooltip("step:Q", format=",d"), alt.Tooltip("rate:Q", title="learning rate", format=".7f")]
    area = alt.Chart(alt.Data(values=rates)).mark_area(
        color=colours.soft, opacity=0.18, line={"color": colours.soft, "strokeWidth": 1.5}
    )
    return [area.encode(x=x, y=y, y2=alt.datum(0), tooltip=tip)]


def _ticks(losses: list[float]) -> list[float]:
    """Round numbers, evenly spaced, from below the smallest loss to above the largest."""
    low, high = min(losses), max(losses)
    step = next((step for step in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0) if (high - low) / step <= 7), 10.0)
    return [round(step * count, 1) for count in range(math.floor(low / step), math.floor(high / step) + 2)]


def _number(row: dict) -> dict:
    """One line of the log with numbers for text and None for what is missing."""
    names = ("step", "epoch", "train_loss", "dev_loss", "learning_rate")
    values = {name: row.get(name) for name in names}
    return {
        name: None if value is None or value == "" or float(value) != float(value) else float(value)
        for name, value in values.items()
    }


def main(arguments: list[str] | None = None) -> None:
    """Command line: FOLDER with a training log -> training-curve.svg in the same folder. Writing it needs vl-convert-python."""
    parser = argparse.ArgumentParser(prog="python -m viz.charts.training", description=f"Draw {LOG} of a folder as {PICTURE}.")
    parser.add_argument("folder", type=Path, help=f"folder that holds {LOG}")
    parser.add_argument("--theme", choices=sorted(PALETTES), default="light", help="colours of the picture (default: light)")
    options = parser.parse_args(arguments)
    colours = PALETTES[options.theme]
    log = options.folder / LOG
    if not log.is_file():
        parser.error(f"{log} does not exist.")
    chart = (
        training_curve(read_log(log), colours).configure_view(fill=colours.card).properties(background=colours.page, padding=16)
    )
    chart.save(options.folder / PICTURE)
    print(f"wrote {options.folder / PICTURE}")


if __name__ == "__main__":
    main()
