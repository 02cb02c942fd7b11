// Tokens in words.

/** @typedef {{words: string[], names: string[], special: number[]}} Tokens What stands on an axis: see token_lists in packing.py. */
/** @typedef {{rows: string, produced: string | null, columns: string}} Axes Which tokens stand on which axis: see axes in packing.py. */

/**
 * A label of at most so many characters: the rest is "…", and the hover has the whole.
 * @param {string} text
 * @param {number} most
 */
export function cut(text, most) {
  const letters = Array.from(text);
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : text;
}

/**
 * A token in quotes; one that occurs more than once is told apart by its place, from 1.
 * @param {Tokens} tokens
 * @param {number} index
 */
export function quoted(tokens, index) {
  const word = tokens.names[index];
  const repeated = tokens.names.indexOf(word) !== tokens.names.lastIndexOf(word);
  return repeated && !tokens.special.includes(index) ? `"${word}" (token ${index + 1})` : `"${word}"`;
}

/**
 * Tokens start..end (end left out) in words: one token, or the first and last with their places.
 * @param {Tokens} tokens
 * @param {number} start
 * @param {number} end
 */
export function quotedRange(tokens, start, end) {
  if (end - start === 1) return quoted(tokens, start);
  return `"${tokens.names[start]} … ${tokens.names[end - 1]}" (tokens ${start + 1} to ${end})`;
}

/**
 * Who reads, in words: `"cat"`, or with a piece being produced `reading "Le", producing "chat":`.
 * @param {{tokens: Record<string, Tokens>}} header
 * @param {Axes} axes
 * @param {number} start
 * @param {number} end
 */
export function reader(header, axes, start, end) {
  const row = quotedRange(header.tokens[axes.rows], start, end);
  if (!axes.produced) return row;
  return `reading ${row}, producing ${quotedRange(header.tokens[axes.produced], start, end)}:`;
}
