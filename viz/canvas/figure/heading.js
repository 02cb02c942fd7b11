// The title of a figure: in as many lines as the width asks for.

import { fontOf } from "./frame.js";
import { drawMarkup, LINE, wrapped } from "./text.js";

/** A layout whose title has as many lines as the width asks for, and as much more height above all else. */
export function withTitle(context, layout, width) {
  const { title, margin = {}, height = 450 } = layout;
  if (!title?.text) return layout;
  const font = fontOf({ layout }, title.font);
  const text = wrapped(context, title.text, font, width - 2 * (title.pad?.l || 0));
  const lines = (markup) => markup.split("<br>").length;
  const more = (lines(text) - lines(title.text)) * LINE * font.size;
  if (!more) return layout;
  const { t = 8 } = margin;
  const pad = { ...title.pad, t: (title.pad?.t || 0) + more }; // a title of several lines is hung up by its last one
  return { ...layout, title: { ...title, text, pad }, margin: { ...margin, t: t + more }, height: height + more, lower: more };
}

/** The title, at the upper left. */
export function drawHeading(context, figure) {
  const { title } = figure.layout;
  if (!title?.text) return;
  const font = fontOf(figure, title.font);
  const lines = title.text.split("<br>").length;
  const extra = (lines - 1) * LINE * font.size; // a title of several lines is hung up by its last one
  drawMarkup(context, title.text, font, {
    x: title.pad?.l || 0,
    y: Math.max(0, (title.pad?.t || 0) - extra),
    across: 0,
    down: 0,
  });
}
