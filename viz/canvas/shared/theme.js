// The page's two themes: which one is on, and its colours as CSS variables.

/**
 * "#rrggbb" -> [red, green, blue].
 * @param {string} colour
 */
export function channels(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

/**
 * Channels of a CSS colour, 0..255; #rrggbb and rgb(...) are understood.
 * @param {string} colour
 */
function levels(colour) {
  const text = colour.trim();
  const hex = text.startsWith("#") && text.length >= 7;
  return hex ? channels(text) : (text.match(/[\d.]+/g) || ["255", "255", "255"]).map(Number);
}

/**
 * Perceived lightness of a CSS colour, 0..1.
 * @param {string} colour
 */
export function lightness(colour) {
  const [red, green, blue] = levels(colour);
  return (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
}

/**
 * Relative luminance of a CSS colour, 0..1 (WCAG 2.2).
 * @param {string} colour
 */
export function luminance(colour) {
  const [red, green, blue] = levels(colour)
    .map((level) => level / 255)
    .map((level) => (level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const READABLE = 4.5; // least contrast of text, WCAG level AA

/**
 * The colour of text that can be read on another: white where it stands out enough, else black, which then does.
 * @param {string} colour
 */
export function inkOn(colour) {
  return 1.05 / (luminance(colour) + 0.05) >= READABLE ? "#ffffff" : "#000000";
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
