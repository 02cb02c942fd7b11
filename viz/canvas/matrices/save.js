// A picture of the matrices as a file: cells, labels and titles on one canvas, twice as large as on the page.

import { drawingUnit } from "../shared/dom.js";
import { SCALE, download, sheet } from "../shared/paper.js";
import { drawPanel } from "./draw.js";
import { LABEL, SLANT } from "./layout.js";

/** Draw everything once more, larger, and hand it to the browser as a download. */
export function savePicture(room) {
  const [edge, unit] = [room.panelsBox.getBoundingClientRect(), drawingUnit()];
  const { picture, context } = sheet(edge.width / unit, edge.height / unit, room.palette.card);
  for (const panel of room.panels) {
    const area = panel.area.getBoundingClientRect();
    const [x, y] = [(area.x - edge.x) / unit, (area.y - edge.y) / unit];
    const large = { ...panel, canvas: document.createElement("canvas") };
    drawPanel(room, large, SCALE);
    context.drawImage(large.canvas, x, y, panel.size.width, panel.size.height);
    drawText(room, context, panel, x, y);
  }
  download(picture, "matrix.png");
}

/** The title, the labels and the mark of a panel whose area begins at x, y. */
function drawText(room, context, panel, x, y) {
  const { palette, header } = room;
  const unit = drawingUnit();
  context.fillStyle = palette.ink;
  context.font = `600 15px ${header.sans}`;
  context.textBaseline = "bottom";
  context.fillText(panel.matrix.title, x, y - 2);
  context.textBaseline = "middle";
  for (const label of panel.labels.children) {
    context.save();
    context.font = `${LABEL}px ${header.mono}`;
    context.translate(x + label.offsetLeft / unit, y + (label.offsetTop + label.offsetHeight / 2) / unit);
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
