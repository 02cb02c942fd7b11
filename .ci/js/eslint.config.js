import js from "@eslint/js";
import globals from "globals";

// A name is a noun, not what was done to get it: `sentence`, not `said`.
const PARTICIPLES = (
  "asked chosen done drawn found given got held kept known listed made picked said seen sent shown spoken taken told took " +
  "typed walked wanted written"
).split(" ");

export default [
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    files: ["viz/canvas/**", "bench/**"],
    languageOptions: { globals: globals.browser },
    rules: { "max-lines": ["error", 300], "max-lines-per-function": ["error", 40] },
  },
  { files: ["tests/**", ".ci/**"], languageOptions: { globals: globals.node } },
  { rules: { "no-shadow": "error", eqeqeq: "error", "prefer-const": "error", "id-denylist": ["error", ...PARTICIPLES] } },
];
