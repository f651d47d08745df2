// What the bytes of a JPEG tell without making pixels of them.

import { endOfBlocks, readTable } from "./huffman.js";

const SOI = 0xffd8, EOI = 0xffd9, SOS = 0xffda, DHT = 0xffc4, DRI = 0xffdd, APP2 = 0xffe2;
const SEQUENTIAL = [0xffc0, 0xffc1]; // frames, coded by Huffman's way
const OTHERS = [0xffc2, 0xffc3, 0xffc5, 0xffc6, 0xffc7, 0xffc9, 0xffca, 0xffcb, 0xffcd, 0xffce, 0xffcf];
const PROFILE = "ICC_PROFILE\0", HEAD_OF_PROFILE = 4096;
const HOLE = 64; // zero bytes in a row

// The picture alone of a JPEG that every browser decodes as the server does, as a Blob: of one scan, whole to its
// last block, in colours that all know. Without what follows it, such as the gain map of a brighter one. Else null.
export function plainJpeg(buffer) {
  const view = new DataView(buffer);
  try {
    const end = view.getUint16(0) === SOI ? endOfPicture(view) : -1;
    return end < 0 ? null : new Blob([buffer.slice(0, end)]);
  } catch (error) {
    if (error instanceof RangeError) return null; // it breaks off
    throw error;
  }
}

function endOfPicture(view) {
  const tables = {};
  let frame = null, interval = 0;
  for (let at = 2; ; ) {
    const marker = view.getUint16(at), content = at + 4, end = at + 2 + view.getUint16(at + 2);
    if (end < content || OTHERS.includes(marker)) return -1;
    if (marker === SOS) return frame ? endOfScan(view, content, end, frame, tables, interval) : -1;
    if (marker === DHT) readTables(view, content, end, tables);
    if (marker === DRI) interval = view.getUint16(content);
    if (SEQUENTIAL.includes(marker)) frame = frame ? null : readFrame(view, content);
    if (marker === APP2 && !isKnownProfile(view, content, end)) return -1;
    at = end;
  }
}

function readTables(view, at, end, tables) {
  while (at < end) {
    const name = view.getUint8(at), table = readTable(view, at + 1);
    tables[name] = table.byBits;
    at = table.end;
  }
}

// null for what browsers do not read alike: 12 bits, and four channels, whose profile they ignore.
function readFrame(view, at) {
  const [bits, height, width] = [view.getUint8(at), view.getUint16(at + 1), view.getUint16(at + 3)];
  const count = view.getUint8(at + 5);
  if (bits !== 8 || !height || !width || ![1, 3].includes(count)) return null;
  const parts = Array.from({ length: count }, (_, index) => view.getUint16(at + 6 + 3 * index));
  return { width, height, parts: parts.map((part) => ({ id: part >> 8, across: (part >> 4) & 15, down: part & 15 })) };
}

function endOfScan(view, at, start, frame, tables, interval) {
  const { parts, width, height } = frame;
  if (view.getUint8(at) !== parts.length) return -1; // several scans
  const isGrey = parts.length === 1; // of which sampling factors say nothing
  const most = (key) => (isGrey ? 1 : Math.max(...parts.map((part) => part[key])));
  const blocks = parts.flatMap((part, index) => {
    const used = view.getUint8(at + 2 + 2 * index);
    return Array(isGrey ? 1 : part.across * part.down).fill([tables[used >> 4], tables[0x10 | (used & 15)]]);
  });
  if (blocks.some((pair) => pair.includes(undefined))) return -1;
  const mcus = Math.ceil(width / (8 * most("across"))) * Math.ceil(height / (8 * most("down")));
  const end = endOfBlocks(new Uint8Array(view.buffer), start, mcus, interval, blocks);
  if (end < 0 || view.getUint16(end) !== EOI || hasHole(new Uint8Array(view.buffer, start, end - start))) return -1;
  return end + 2;
}

// Zeros are blocks of one colour to some tables. They may be a ground of one colour, or not: the server judges.
function hasHole(scan) {
  for (let at = scan.indexOf(0); at >= 0; at = scan.indexOf(0, at + 1)) {
    const zeros = scan.subarray(at, at + HOLE);
    if (zeros.length === HOLE && zeros.every((value) => value === 0)) return true;
  }
  return false;
}

// Whether it is none, or one of three primaries and curves. Browsers differ in those by tables; `cicp` may tell HDR.
function isKnownProfile(view, at, end) {
  const told = new Uint8Array(view.buffer, at, Math.min(end - at, HEAD_OF_PROFILE));
  const text = String.fromCharCode(...told);
  if (!text.startsWith(PROFILE)) return true;
  return ["rXYZ", "kTRC"].some((tag) => text.includes(tag)) && !["A2B0", "cicp"].some((tag) => text.includes(tag));
}
