// From the raw map to colours on the photo. Between cells the map is bilinear, coloured afterwards.

import { fit } from "./size.js";

const LONG_SIDE = 640; // of the coloured map; the canvas stretches it the rest of the way
const LONGEST_CANVAS = 4096; // pixels; beyond, some browsers draw nothing

const WHOLE = { left: 0, top: 0, right: 1, bottom: 1 };

// {width, height, values (0 to 1), box}. box: the part of the photo that the map covers.
export async function readMap(blob, box) {
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const brush = canvas.getContext("2d");
  brush.drawImage(bitmap, 0, 0);
  const { data } = brush.getImageData(0, 0, bitmap.width, bitmap.height);
  const values = Float32Array.from({ length: data.length / 4 }, (_, cell) => data[4 * cell] / 255);
  return { width: bitmap.width, height: bitmap.height, values, box: box ?? WHOLE };
}

// Draws the photo with the map over it. opacity: 0 to 1. peak: what the map is multiplied by, 0 to 1.
export function drawOverlay(canvas, photo, map, table, { opacity, peak = 1, longSide = LONGEST_CANVAS }) {
  Object.assign(canvas, fit(photo, longSide));
  const brush = canvas.getContext("2d");
  brush.imageSmoothingQuality = "high";
  brush.drawImage(photo, 0, 0, canvas.width, canvas.height);
  if (!map || !opacity) return;
  brush.globalAlpha = opacity;
  brush.drawImage(colourise(map, table, peak, canvas), 0, 0, canvas.width, canvas.height);
  brush.globalAlpha = 1;
}

// Draws these boxes on `canvas`; their sides in parts of its own.
export function drawBoxes(canvas, boxes) {
  const brush = canvas.getContext("2d");
  const line = Math.max(1, canvas.width / 400);
  for (const { left, top, right, bottom } of boxes) {
    const sides = [left * canvas.width, top * canvas.height, (right - left) * canvas.width, (bottom - top) * canvas.height];
    for (const [colour, width] of [["#000", 4 * line], ["#fff", 2 * line]]) {
      Object.assign(brush, { strokeStyle: colour, lineWidth: width });
      brush.strokeRect(...sides);
    }
  }
}

export function drawLegend(canvas, table) {
  const picture = new ImageData(table.length, 1);
  table.forEach((colour, level) => picture.data.set([...colour, 255], 4 * level));
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

function colourise(map, table, peak, size) {
  const { width, height } = fit(size, LONG_SIDE);
  const picture = new ImageData(width, height);
  const { left, top, right, bottom } = map.box;
  const columns = between(map.width, picture.width, left, right);
  const rows = between(map.height, picture.height, top, bottom);
  let at = 0;
  for (const row of rows) {
    for (const column of columns) {
      const upper = mix(map, row.low, column);
      const lower = mix(map, row.high, column);
      const heat = (upper + (lower - upper) * row.part) * peak;
      picture.data.set(table[Math.round(Math.min(1, heat) * 255)], at);
      picture.data[at + 3] = 255;
      at += 4;
    }
  }
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d").putImageData(picture, 0, 0);
  return canvas;
}

function mix(map, row, { low, high, part }) {
  const start = row * map.width;
  return map.values[start + low] * (1 - part) + map.values[start + high] * part;
}

// For each pixel the two cells whose centres it lies between, and how far.
function between(cells, pixels, from, to) {
  return Array.from({ length: pixels }, (_, pixel) => {
    const cell = (((pixel + 0.5) / pixels - from) / (to - from)) * cells - 0.5;
    const place = Math.min(Math.max(cell, 0), cells - 1);
    const low = Math.floor(place);
    return { low, high: Math.min(low + 1, cells - 1), part: place - low };
  });
}
