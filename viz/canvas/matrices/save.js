// A picture of the matrices as a file: cells, labels and titles on one canvas, twice as large as on the page.

import { SCALE, download, sheet } from "../shared/paper.js";
import { drawPanel } from "./draw.js";
import { SLANT } from "./layout.js";

/** Draw everything once more, larger, and hand it to the browser as a download. */
export function savePicture(room) {
  const edge = room.panelsBox.getBoundingClientRect();
  const { picture, context } = sheet(edge.width, edge.height, room.palette.card);
  for (const panel of room.panels) {
    const { x, y } = panel.area.getBoundingClientRect();
    const large = { ...panel, canvas: document.createElement("canvas") };
    drawPanel(room, large, SCALE);
    context.drawImage(large.canvas, x - edge.x, y - edge.y, panel.size.width, panel.size.height);
    drawText(room, context, panel, x - edge.x, y - edge.y);
  }
  download(picture, "matrix.png");
}

/** The title, the labels and the mark of a panel whose area begins at x, y. */
function drawText(room, context, panel, x, y) {
  const { palette, header } = room;
  context.fillStyle = palette.ink;
  context.font = `600 15px ${header.sans}`;
  context.textBaseline = "bottom";
  context.fillText(panel.matrix.title, x, y - 2);
  context.textBaseline = "middle";
  for (const label of panel.labels.children) {
    context.save();
    context.font = `${label.style.fontSize} ${header.mono}`;
    context.translate(x + label.offsetLeft, y + label.offsetTop + label.offsetHeight / 2);
    if (label.classList.contains("columns")) context.rotate(-SLANT);
    let at = 0;
    for (const part of label.children) {
      context.fillStyle = part.className === "soft" ? palette.soft : palette.ink;
      context.fillText(part.textContent, at, 0);
      at += context.measureText(part.textContent).width;
    }
    context.restore();
  }
  const { mark } = panel.matrix;
  if (!mark) return;
  const { left, top, across, down } = panel.size;
  context.strokeStyle = palette.ink;
  context.lineWidth = 2;
  context.strokeRect(x + left + mark[1] * across, y + top + mark[0] * down, across, down);
}
