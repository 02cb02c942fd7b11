// Axes, text and hovers of figures, by themselves: `node --test tests/viz/`. No dependency, no browser.

import assert from "node:assert/strict";
import { test } from "node:test";

import { formatted, layAxes, pixelOf, placeOf, roundStep, ticksOf } from "../../viz/canvas/figure/axes.js";
import { firstWord, linesOf, plainText } from "../../viz/canvas/figure/text.js";
import { answers, clickOf, fillTemplate, hoverOf, sentence } from "../../viz/canvas/figure/words.js";

const SIZE = { width: 320, height: 220 };
const MARGIN = { l: 10, r: 10, t: 10, b: 10 }; // leaves 300 x 200
const CELLS = { type: "heatmap", z: { values: Float32Array.of(0, 1, 2, 3, 4, 5), shape: [2, 3] } };

/** Axes over some data. */
function axesOf(layout, data = [], zoom = {}) {
  return layAxes({ margin: MARGIN, ...layout }, data, SIZE, zoom);
}

test("an axis has the range that is asked for, else one that shows all that is drawn along it", () => {
  const { x, y } = axesOf({ xaxis: { range: [0, 10] } }, [CELLS]);
  assert.deepEqual([x.start, x.length, y.start, y.length], [10, 300, 10, 200]);
  assert.deepEqual([pixelOf(x, 0), pixelOf(x, 5), pixelOf(x, 10)], [10, 160, 310]);
  assert.deepEqual(y.range, [-0.5, 1.5]); // whole cells
  const bars = { type: "bar", orientation: "h", x: [1, 4], y: [1, 2] };
  const free = axesOf({}, [bars]);
  assert.deepEqual(free.y.range, [0.5, 2.5]);
  assert.ok(free.x.range[0] === 0 && free.x.range[1] > 4); // bars begin at zero
  assert.deepEqual(axesOf({}, []).x.range, [0, 1]);
});

test("a place of an axis has one pixel, and a pixel one place, also turned round and in logarithms", () => {
  for (const look of [{ range: [0, 10] }, { range: [10, 0] }, { range: [-2, 3], type: "log" }]) {
    const { x, y } = axesOf({ xaxis: look, yaxis: look });
    for (const axis of [x, y])
      for (const value of [1, 2, 9]) {
        const place = axis.log ? Math.log10(value) : value;
        assert.ok(Math.abs(placeOf(axis, pixelOf(axis, value)) - place) < 1e-9);
      }
  }
});

test("axes of one scale keep it: by giving away length, or by showing more", () => {
  const unit = (axis) => axis.length / Math.abs(axis.range[1] - axis.range[0]);
  const squares = { xaxis: { range: [0.5, 4.5], constrain: "domain", constraintoward: "left" } };
  const square = { range: [4.5, 0.5], scaleanchor: "x", constrain: "domain", constraintoward: "top" };
  const { x, y } = axesOf({ ...squares, yaxis: square });
  assert.ok(Math.abs(unit(x) - unit(y)) < 1e-9);
  assert.deepEqual([x.start, x.length, x.range, y.length], [10, 200, [0.5, 4.5], 200]);
  const wide = axesOf({ xaxis: { range: [0, 4] }, yaxis: { range: [0, 4], scaleanchor: "x" } });
  assert.ok(Math.abs(unit(wide.x) - unit(wide.y)) < 1e-9);
  assert.deepEqual([wide.x.length, wide.y.range], [300, [0, 4]]);
});

test("what lies on an axis, or matches one, follows its place and the reader's zoom", () => {
  const layout = { xaxis: { range: [0, 9] }, xaxis2: { range: [0, 9], overlaying: "x", matches: "x" } };
  const { x, x2 } = axesOf(layout, [], { x: [2, 4] });
  assert.deepEqual([x.range, x2.range, x2.start, x2.length], [[2, 4], [2, 4], x.start, x.length]);
  const own = axesOf({ yaxis: { range: [0, 1] }, yaxis2: { range: [3, 0], overlaying: "y" } }, [], { y: [0, 0.5] });
  assert.deepEqual(own.y2.range, [3, 0]); // another scale over the same place
});

test("ticks are those that are fixed, or round numbers that have room", () => {
  const fixed = axesOf({ xaxis: { range: [0, 4], tickvals: [1, 2, 9], ticktext: ["a", "b", "c"] } }).x;
  assert.deepEqual(ticksOf(fixed), [
    { at: 85, text: "a" },
    { at: 160, text: "b" },
  ]);
  const free = ticksOf(axesOf({ xaxis: { range: [-1, 1] } }).x).map(({ text }) => text);
  assert.ok(free.includes("0") && free.includes("−1") && free.length <= 6);
  assert.deepEqual([0.3, 1, 3.1, 70].map(roundStep), [0.5, 1, 5, 100]);
  const powers = axesOf({ yaxis: { range: [-4, 2], type: "log", dtick: 2, exponentformat: "power" } }).y;
  assert.deepEqual(
    ticksOf(powers).map(({ text }) => text),
    ["10⁻⁴", "10⁻²", "1", "10²"],
  );
  const named = axesOf({}, [{ ...CELLS, x: ["one", "two", "three"], y: ["first", "second"] }]);
  assert.deepEqual(
    ticksOf(named.x).map(({ text }) => text),
    ["one", "two", "three"],
  );
});

test("markup becomes text, and nothing else of it is read", () => {
  const markup = '<span style="color:#6b6861">·</span>&lt;script&gt; <b>a</b><br>x<sup>2</sup> &#36;y&amp;lt;';
  const [first, second] = linesOf(markup);
  assert.deepEqual(
    first.map(({ text, colour, bold }) => [text, colour, bold]),
    [
      ["·", "#6b6861", false],
      ["<script> ", "", false],
      ["a", "", true],
    ],
  );
  assert.deepEqual(
    second.map(({ text, raised }) => [text, raised]),
    [
      ["x", false],
      ["2", true],
      [" $y&lt;", false],
    ],
  );
  assert.equal(plainText(markup), "·<script> a\nx2 $y&lt;");
  assert.equal(plainText(firstWord('<span style="color:#fff">× −0.12</span>')), "×");
  assert.equal(plainText(firstWord("&lt;s&gt; a")), "<s>");
  assert.equal(plainText("<img src=x>"), "<img src=x>"); // no mark of ours: text
});

test("numbers in a hover are written as their format says, with a real minus", () => {
  assert.deepEqual(
    [
      [0.12345, ".2f"],
      [-0.12345, ".2f"],
      [-0.001, ".2f"],
      [0.5, "+.2f"],
      [0.1234, ".1%"],
      [12345, ","],
      [3, "d"],
      [2, ""],
    ].map(([value, format]) => formatted(value, format)),
    ["0.12", "−0.12", "0.00", "+0.50", "12.3%", "12,345", "3", "2"],
  );
});

test("a hover names row and column as the axes do, and a click says which they are", () => {
  const layout = {
    xaxis: { tickvals: [1, 2, 3], ticktext: ["“a”", "“b”", "“c”"] },
    yaxis: { tickvals: [1, 2], ticktext: ["A", "B"] },
  };
  const cells = {
    ...CELLS,
    x0: 1,
    y0: 1,
    name: "weights",
    hovertemplate: "%{y} to %{x}: <b>%{z:.1f}</b>, %{x:d}<extra></extra>",
  };
  const figure = { layout, axes: axesOf(layout, [cells]) };
  assert.equal(sentence(hoverOf(figure, cells, { row: 1, column: 2 })), "B to “c”: 5.0, 3");
  assert.deepEqual(clickOf(figure, cells, { row: 1, column: 2 }), { name: "weights", row: 2, column: 3, value: null });
  const points = { type: "scatter", x: [0.5], y: [0.25], customdata: [7], hovertext: ["here"], hoverinfo: "text" };
  assert.equal(hoverOf(figure, points, { index: 0 }), "here");
  assert.deepEqual(clickOf(figure, points, { index: 0 }), { name: "", row: null, column: null, value: 7 });
  assert.equal(clickOf(figure, { ...points, customdata: null }, { index: 0 }), null);
  const several = { ...points, customdata: [["a", 0.5]] };
  assert.equal(fillTemplate(figure, several, "%{customdata[0]} %{customdata[1]:.2f}", { index: 0 }), "a 0.50");
  assert.deepEqual([answers(points), answers({ ...points, hoverinfo: "skip" })], [true, false]);
});
