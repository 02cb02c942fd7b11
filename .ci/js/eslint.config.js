import js from "@eslint/js";
import globals from "globals";

export default [
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    files: ["viz/canvas/**", "bench/**"],
    languageOptions: { globals: globals.browser },
    rules: { "max-lines": ["error", 300], "max-lines-per-function": ["error", 40] },
  },
  { files: ["tests/**", ".ci/**"], languageOptions: { globals: globals.node } },
  { rules: { "no-shadow": "error", eqeqeq: "error", "prefer-const": "error" } },
];
