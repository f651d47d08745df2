// From the raw map to colours on the photo. Between cells the map is bilinear, coloured afterwards.

const LONG_SIDE = 640; // of the coloured map; the canvas stretches it the rest of the way

export async function readMap(blob) {
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const brush = canvas.getContext("2d");
  brush.drawImage(bitmap, 0, 0);
  const { data } = brush.getImageData(0, 0, bitmap.width, bitmap.height);
  const values = Float32Array.from({ length: data.length / 4 }, (_, cell) => data[4 * cell] / 255);
  return { width: bitmap.width, height: bitmap.height, values };
}

// Draws on `canvas`: opacity 0 to 1; share is what the map is multiplied by.
export function blend(canvas, photo, map, table, { opacity, share = 1, longSide = Infinity }) {
  const scale = Math.min(1, longSide / Math.max(photo.width, photo.height));
  canvas.width = Math.round(photo.width * scale);
  canvas.height = Math.round(photo.height * scale);
  const brush = canvas.getContext("2d");
  brush.imageSmoothingQuality = "high";
  brush.drawImage(photo, 0, 0, canvas.width, canvas.height);
  if (!map || !opacity) return;
  brush.globalAlpha = opacity;
  brush.drawImage(colourise(map, table, share, canvas), 0, 0, canvas.width, canvas.height);
  brush.globalAlpha = 1;
}

export function drawLegend(canvas, table) {
  const picture = new ImageData(table.length, 1);
  table.forEach((colour, level) => picture.data.set([...colour, 255], 4 * level));
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

function colourise(map, table, share, { width, height }) {
  const scale = Math.min(1, LONG_SIDE / Math.max(width, height));
  const picture = new ImageData(Math.round(width * scale), Math.round(height * scale));
  const columns = between(map.width, picture.width);
  const rows = between(map.height, picture.height);
  let at = 0;
  for (const { low: top, high: bottom, part: down } of rows) {
    for (const { low: left, high: right, part: along } of columns) {
      const upper = mix(map, top, left, right, along);
      const lower = mix(map, bottom, left, right, along);
      const heat = (upper + (lower - upper) * down) * share;
      picture.data.set(table[Math.round(Math.min(1, heat) * 255)], at);
      picture.data[at + 3] = 255;
      at += 4;
    }
  }
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d").putImageData(picture, 0, 0);
  return canvas;
}

function mix(map, row, left, right, part) {
  const start = row * map.width;
  return map.values[start + left] * (1 - part) + map.values[start + right] * part;
}

// For each pixel the two cells whose centres it lies between, and how far.
function between(cells, pixels) {
  return Array.from({ length: pixels }, (_, pixel) => {
    const place = Math.min(Math.max(((pixel + 0.5) * cells) / pixels - 0.5, 0), cells - 1);
    const low = Math.floor(place);
    return { low, high: Math.min(low + 1, cells - 1), part: place - low };
  });
}
