// What the bytes of a JPEG tell without decoding it.

const START = 0xffd8, BASELINE = 0xffc0, EXTENDED = 0xffc1, SCAN = 0xffda;
const CMYK = 4; // channels; browsers ignore the profile of such a photo
const HOLE = 64; // zero bytes in a row

// Whether it is a JPEG that every browser decodes as the server does, without signs of damage. In a
// progressive one damage does not show.
export function isPlainJpeg(buffer) {
  const view = new DataView(buffer);
  if (view.byteLength < 2 || view.getUint16(0) !== START) return false;
  let isPlain = false;
  for (let at = 2; at + 10 < view.byteLength; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint16(at);
    if (marker === SCAN) return isPlain && !hasHole(new Uint8Array(buffer, at + 2));
    if (marker === BASELINE || marker === EXTENDED) isPlain = view.getUint8(at + 9) !== CMYK;
  }
  return false;
}

// scan: compressed pixels, up to the next marker that does not belong to them.
function hasHole(scan) {
  let zeros = 0;
  for (let at = 0; at < scan.length; at++) {
    zeros = scan[at] ? 0 : zeros + 1;
    if (zeros === HOLE) return true;
    const next = scan[at] === 0xff ? scan[at + 1] : 0;
    if (next && (next < 0xd0 || next > 0xd7)) return false;
  }
  return false;
}

// A decoder fills in what is missing with middle grey, up to the last corner. Which corner that is
// depends on how the camera was held.
export function hasGreyCorner(bitmap) {
  const side = 8;
  const brush = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
  const corners = [0, bitmap.width - side].flatMap((x) => [0, bitmap.height - side].map((y) => [x, y]));
  return corners.some(([x, y]) => {
    brush.drawImage(bitmap, x, y, side, side, 0, 0, side, side);
    const { data } = brush.getImageData(0, 0, side, side);
    return data.every((value, at) => at % 4 === 3 || Math.abs(value - 128) <= 2);
  });
}
