// There and back: codes that Python writes, read by what the components share. Needs a Python that has the project's packages.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { difference, number } from "../../viz/canvas/shared/numbers.js";
import { changeOf, coarseText, unpack, weightOf } from "../../viz/canvas/shared/unpack.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WRITER = `
import base64, json, torch
from viz.canvas.shared.packing import coarse_codes, fine_codes, join, signed_fine_codes
from viz.theme import number
positive = torch.cat([torch.arange(1001) / 1000, torch.tensor([1e-9, 0.00499, 0.055, 0.99999])])
packed = {}
for name, values, code, bits in (
    ("coarse", positive, coarse_codes, 8), ("fine", positive, fine_codes, 16),
    ("signed", torch.cat([positive, -positive]), signed_fine_codes, 16), ("float", positive, lambda x: x, 32),
):
    header = {"bits": bits, "values": values.tolist(), "texts": [number(abs(value)) for value in values.tolist()], "word": "·déjà 猫"}
    packed[name] = base64.b64encode(join(header, code(values))).decode()
print(json.dumps(packed))
`;
const python = process.env.PYTHON || "python3";
const run = spawnSync(python, ["-c", WRITER], {
  cwd: ROOT,
  env: { ...process.env, PYTHONPATH: ROOT },
  encoding: "utf-8",
  maxBuffer: 1 << 24,
});
const missing = run.error || /ModuleNotFoundError: No module named '(?!viz|model)/.test(run.stderr);
const skip = missing ? `${python} does not have the project's packages` : false;

/** What Python packed of one coding, as a component reads it. */
function packed(coding) {
  assert.equal(run.status, 0, run.stderr);
  return unpack(new Uint8Array(Buffer.from(JSON.parse(run.stdout)[coding], "base64")));
}

test("words and floats arrive as they are", { skip }, () => {
  const { header, values } = packed("float");
  assert.equal(header.word, "·déjà 猫");
  assert.deepEqual([...values], header.values.map(Math.fround));
});

test("a weight of either size reads as Python writes it", { skip }, () => {
  for (const [coding, read] of [
    ["coarse", coarseText],
    ["fine", (code) => number(weightOf(code))],
  ]) {
    const { header, values } = packed(coding);
    values.forEach((code, at) => {
      assert.equal(code > 0, header.values[at] > 0, "only zero is zero");
      assert.equal(read(code), header.texts[at], `${coding} ${header.values[at]}`);
    });
  }
});

test("a change keeps its sign and its two digits", { skip }, () => {
  const { header, values } = packed("signed");
  values.forEach((code, at) => {
    const value = header.values[at];
    assert.equal(Math.sign(changeOf(code)), Math.sign(value) || 0);
    assert.ok(Math.abs(changeOf(code) - value) < 5e-5);
    if (header.texts[at] !== "<0.01") assert.equal(difference(changeOf(code)).replace(/^[+−]/, ""), header.texts[at], `${value}`);
  });
});
