// Shared by both looks: this file, then the others, are read as one module. Tokens enter the page as text only.

/** Uint8Array -> {header, values}: header length (4 bytes, little-endian), JSON header, then uint8, uint16 or float32 values. */
function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const body = bytes.slice(4 + length);
  const arrays = { 8: Uint8Array, 16: Uint16Array, 32: Float32Array };
  return { header, values: new arrays[header.bits](body.buffer) };
}

/** A new element with a class, attributes and text. */
function element(tag, className, attributes = {}, text = "") {
  const node = document.createElement(tag);
  node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  return node;
}

/** "#rrggbb" -> [red, green, blue]. */
function channels(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

/** Perceived lightness of a CSS colour, 0..1; #rrggbb and rgb(...) are understood. */
function lightness(colour) {
  const text = colour.trim();
  const parts = text.startsWith("#") && text.length >= 7 ? channels(text) : (text.match(/[\d.]+/g) || [255, 255, 255]).map(Number);
  return (0.299 * parts[0] + 0.587 * parts[1] + 0.114 * parts[2]) / 255;
}

/** The palette that fits the page's background, and its colours as CSS variables on `root`. */
function applyTheme(root, header) {
  const background = getComputedStyle(root).getPropertyValue("--st-background-color") || "#ffffff";
  const name = lightness(background) < 0.5 ? "dark" : "light";
  const palette = header.palettes[name];
  for (const field of ["page", "card", "ink", "soft", "line", "chip", "encoder", "decoder", "cross"]) {
    root.style.setProperty(`--${field}`, palette[field]);
  }
  root.style.setProperty("--sans", header.sans);
  root.style.setProperty("--mono", header.mono);
  root.dataset.theme = name;
  root.setAttribute("translate", "no"); // a browser that translates the page must leave tokens as they are
  return palette;
}

/** A weight as two digits, ties to even as Python writes them; above zero never reads as zero. */
function number(weight) {
  const scaled = weight * 100;
  const whole = Math.floor(scaled);
  const rounded = scaled - whole === 0.5 ? whole + (whole % 2) : Math.round(scaled);
  return weight > 0 && rounded === 0 ? "<0.01" : (rounded / 100).toFixed(2);
}

/** A change with its sign, two digits. */
function signed(change) {
  const size = Math.abs(change).toFixed(2);
  return Number(size) === 0 ? size : `${change < 0 ? "−" : "+"}${size}`;
}

/** A number too small for fixed digits, with a power of ten: 4.3 × 10⁻⁶; from 0.0001 on in digits: 0.0043. */
function small(value) {
  if (value === 0) return "0";
  const [mantissa, exponent] = value.toExponential(1).replace(/^-/, "−").split("e");
  if (Number(exponent) >= -4) return value.toFixed(Math.max(0, 1 - Number(exponent))).replace(/^-/, "−");
  const raised = Array.from(String(Number(exponent)), (sign) => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)])).join("");
  return `${mantissa} × 10${raised}`;
}

/** A label of at most so many characters: the rest is "…", and the hover has the whole. */
function cut(text, most) {
  const letters = Array.from(text);
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : text;
}

/** A token in quotes; one that occurs more than once is told apart by its place, from 1. */
function quoted(tokens, index) {
  const word = tokens.names[index];
  const repeated = tokens.names.indexOf(word) !== tokens.names.lastIndexOf(word);
  return repeated && !tokens.special.includes(index) ? `"${word}" (token ${index + 1})` : `"${word}"`;
}

/** Tokens start..end (end left out) in words: one token, or the first and last with their places. */
function quotedRange(tokens, start, end) {
  if (end - start === 1) return quoted(tokens, start);
  return `"${tokens.names[start]} … ${tokens.names[end - 1]}" (tokens ${start + 1} to ${end})`;
}

/** Who reads, in words: `"cat"`, or with a piece being produced `reading "Le", producing "chat":`. */
function reader(header, axes, start, end) {
  const row = quotedRange(header.tokens[axes.rows], start, end);
  if (!axes.produced) return row;
  return `reading ${row}, producing ${quotedRange(header.tokens[axes.produced], start, end)}:`;
}

/** Size a canvas to width x height CSS pixels at the screen's own resolution; returns its context, in CSS pixels. */
function prepare(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const pixels = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== pixels[0] || canvas.height !== pixels[1]) [canvas.width, canvas.height] = pixels;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** Keep `room.observer` on a node until the returned function is called; a call that a newer one followed ends nothing. */
function watch(room, node) {
  const call = (room.call = (room.call || 0) + 1);
  room.observer.observe(node);
  return () => {
    if (room.call === call) room.observer.disconnect();
  };
}
