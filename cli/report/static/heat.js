"use strict";
// Heat over photos, coloured here: the map is made smooth first and coloured afterwards.
const DATA = JSON.parse(document.getElementById("data").textContent);
// The translation of an English text, {name} in it replaced by a value.
const t = (english, values = {}) =>
  (DATA.texts[english] ?? english).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const TABLES = Object.fromEntries(
  Object.entries(DATA.colormaps).map(([name, table]) => [name, bytes(table)]),
);
const SMOOTH = 112;
let tableName = "viridis";
const painted = new Set();

// For each of SMOOTH pixels the two cells whose centres it lies between, and how far.
function between(cells, from, to) {
  return Array.from({ length: SMOOTH }, (_, pixel) => {
    const cell = (((pixel + 0.5) / SMOOTH - from) / (to - from)) * cells - 0.5;
    const position = Math.min(Math.max(cell, 0), cells - 1);
    const low = Math.floor(position);
    return { low, high: Math.min(low + 1, cells - 1), part: position - low };
  });
}

function paint(canvas) {
  const { width, height, box, data } = canvas.map;
  const { left, top, right, bottom } = box ?? { left: 0, top: 0, right: 1, bottom: 1 }; // a row of an older run tells none
  const cells = bytes(data);
  const table = TABLES[tableName];
  const picture = new ImageData(SMOOTH, SMOOTH);
  const columns = between(width, left, right);
  let at = 0;
  for (const row of between(height, top, bottom)) {
    for (const column of columns) {
      const [upper, lower] = [row.low, row.high].map((line) => {
        const start = line * width;
        return cells[start + column.low] * (1 - column.part) + cells[start + column.high] * column.part;
      });
      const level = 3 * Math.round(upper + (lower - upper) * row.part);
      picture.data.set([table[level], table[level + 1], table[level + 2], 255], at);
      at += 4;
    }
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

// A canvas is painted when it first comes into sight.
const sight = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    sight.unobserve(target);
    painted.add(target);
    paint(target);
  }
});

function element(name, options = {}, ...children) {
  const { data, ...properties } = options;
  const made = Object.assign(document.createElement(name), properties);
  Object.assign(made.dataset, data ?? {});
  made.append(...children.filter((child) => child !== null));
  return made;
}

// A photo with a map over it, and boxes around its hot places; each may be missing.
function stack(picture, map, words, regions = []) {
  const box = element("div", { className: "stack" });
  if (picture) box.append(element("img", { src: picture, alt: words, loading: "lazy" }));
  if (map) {
    const canvas = element("canvas", { width: SMOOTH, height: SMOOTH, ariaHidden: "true" });
    canvas.map = map;
    sight.observe(canvas);
    box.append(canvas);
  }
  for (const region of regions) box.append(outline(region.box));
  return box;
}

function outline({ left, top, right, bottom }) {
  const made = element("i", { className: "region", ariaHidden: "true" });
  const sides = { left, top, width: right - left, height: bottom - top };
  for (const [name, share] of Object.entries(sides)) made.style[name] = `${100 * share}%`;
  return made;
}

function setTable(name) {
  tableName = name;
  for (const canvas of painted) canvas.isConnected ? paint(canvas) : painted.delete(canvas);
  const stops = [0, 64, 128, 192, 255].map((i) => `rgb(${[...TABLES[name].slice(3 * i, 3 * i + 3)]})`);
  for (const scale of document.querySelectorAll(".scale"))
    scale.style.background = `linear-gradient(to right, ${stops})`;
}

function setHeat(share) {
  document.documentElement.style.setProperty("--heat", share);
}
