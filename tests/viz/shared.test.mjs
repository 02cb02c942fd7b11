// What the components share, by itself: `node --test tests/viz/`. No dependency, no browser.

import assert from "node:assert/strict";
import { test } from "node:test";

import { clamp, difference, figure, number, short, signed, small } from "../../viz/canvas/shared/numbers.js";
import { css, mix, mixSigned, pixel, ramp } from "../../viz/canvas/shared/ramps.js";
import { inkOn, luminance } from "../../viz/canvas/shared/theme.js";
import { besidePointer } from "../../viz/canvas/shared/tooltip.js";
import { cut, quoted, quotedRange, reader } from "../../viz/canvas/shared/words.js";

const PALETTE = { zero: "#ffffff", negative: "#b2456e", positive: "#2a6fb0" };

test("numbers have a real minus, and only zero reads as zero", () => {
  assert.deepEqual([0, 0.001, 0.125, 0.5, 1].map(number), ["0.00", "<0.01", "0.12", "0.50", "1.00"]);
  assert.deepEqual([0, 0.004, -0.004, 0.25, -0.25].map(signed), ["0.00", "0.00", "0.00", "+0.25", "−0.25"]);
  assert.deepEqual([0, 0.001, -0.001, 0.25, -0.25].map(difference), ["0.00", "<0.01", "0.00", "+0.25", "−0.25"]);
  assert.deepEqual([0, 0.0043, -4.3e-6].map(small), ["0", "0.0043", "−4.3 × 10⁻⁶"]);
  assert.deepEqual(
    [0, -1.5, 0.0000123].map((value) => figure(value, 3)),
    ["0.000", "−1.500", "1.2 × 10⁻⁵"],
  );
  assert.deepEqual(
    [0, 0.53, -0.53, 0.001].map((value) => short(value, 2)),
    ["0", ".53", "−.53", ""],
  );
  assert.deepEqual(
    [-3, 0.5, Infinity].map((value) => clamp(value, 0, 2)),
    [0, 0.5, 2],
  );
});

test("a ramp begins and ends in its colours and never turns back", () => {
  const power = (step) => (step / 100) ** 0.65;
  const colours = Array.from({ length: 101 }, (_, step) => mix("#ffffff", "#00805e", power(step)));
  assert.deepEqual(
    [colours[0], colours[100]],
    [
      [255, 255, 255],
      [0, 128, 94],
    ],
  );
  for (let step = 1; step <= 100; step++) colours[step].forEach((value, at) => assert.ok(value <= colours[step - 1][at]));
  assert.deepEqual([...ramp(101, (step) => colours[step])], colours.map(pixel));
  assert.equal(pixel([1, 2, 3]), 0xff030201); // in memory: red, green, blue, opaque
});

test("a change wears the colour of its sign, and none the colour of zero", () => {
  assert.deepEqual(
    [0, 1, -1].map((share) => css(mixSigned(PALETTE, share, 0.65))),
    ["rgb(255,255,255)", "rgb(42,111,176)", "rgb(178,69,110)"],
  );
  assert.deepEqual(mixSigned(PALETTE, 0.5), mix(PALETTE.zero, PALETTE.positive, 0.5));
});

test("text can be read on any colour", () => {
  const contrast = (one, other) => {
    const [more, less] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (more + 0.05) / (less + 0.05);
  };
  for (let level = 0; level < 4096; level += 7) {
    const colour = `rgb(${17 * (level >> 8)}, ${17 * ((level >> 4) & 15)}, ${17 * (level & 15)})`;
    assert.ok(contrast(inkOn(colour), colour) >= 4.5, colour);
  }
  assert.ok(contrast(inkOn("#338c73"), "#338c73") >= 4.5);
});

test("tokens that occur twice are told apart, special ones are not", () => {
  const tokens = { words: [], names: ["a", "b", "a", "</s>", "</s>"], special: [3, 4] };
  assert.deepEqual(
    [0, 1, 2, 3].map((at) => quoted(tokens, at)),
    ['"a" (token 1)', '"b"', '"a" (token 3)', '"</s>"'],
  );
  assert.equal(quotedRange(tokens, 0, 3), '"a … a" (tokens 1 to 3)');
  const header = { tokens: { source: tokens, labels: { words: [], names: ["x", "y", "z", "u", "v"], special: [] } } };
  assert.equal(reader(header, { rows: "source", produced: "labels", columns: "source" }, 1, 2), 'reading "b", producing "y":');
  assert.equal(reader(header, { rows: "source", produced: null, columns: "source" }, 1, 2), '"b"');
  assert.deepEqual([cut("maison", 6), cut("maisons", 6), cut("👩‍🌾".repeat(3), 2)], ["maison", "maiso…", "👩…"]);
});

test("a tooltip stays inside the window wherever the pointer is", () => {
  const [size, inside] = [
    { width: 300, height: 80 },
    { width: 800, height: 600 },
  ];
  for (let clientX = 0; clientX <= 800; clientX += 10) {
    for (let clientY = 0; clientY <= 600; clientY += 10) {
      const { x, y } = besidePointer({ clientX, clientY }, size, inside);
      assert.ok(x >= 8 && x + size.width <= 792 && y >= 8 && y + size.height <= 592);
      const over = clientX > x && clientX < x + size.width && clientY > y && clientY < y + size.height;
      assert.ok(!over, "it hides what it speaks of");
    }
  }
});
