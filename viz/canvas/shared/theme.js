// The page's two themes: which one is on, and its colours as CSS variables.

/**
 * "#rrggbb" -> [red, green, blue].
 * @param {string} colour
 */
export function channels(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

/**
 * Perceived lightness of a CSS colour, 0..1; #rrggbb and rgb(...) are understood.
 * @param {string} colour
 */
export function lightness(colour) {
  const text = colour.trim();
  const hex = text.startsWith("#") && text.length >= 7;
  const [red, green, blue] = hex ? channels(text) : (text.match(/[\d.]+/g) || ["255", "255", "255"]).map(Number);
  return (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
}

/**
 * The colour of text that can be read on another.
 * @param {string} colour
 */
export function inkOn(colour) {
  return lightness(colour) > 0.5 ? "#16181c" : "#ffffff";
}

/**
 * The palette that fits the page's background, and each of its colours as a CSS variable on `root`.
 * @param {HTMLElement} root
 * @param {any} header
 */
export function applyTheme(root, header) {
  const background = getComputedStyle(root).getPropertyValue("--st-background-color") || "#ffffff";
  const name = lightness(background) < 0.5 ? "dark" : "light";
  const palette = header.palettes[name];
  for (const [field, colour] of Object.entries(palette))
    if (typeof colour === "string") root.style.setProperty(`--${field}`, colour);
  root.style.setProperty("--sans", header.sans);
  root.style.setProperty("--mono", header.mono);
  root.dataset.theme = name;
  root.setAttribute("translate", "no"); // a browser that translates the page must leave tokens as they are
  return palette;
}
