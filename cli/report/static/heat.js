"use strict";
// Heat over photos, coloured here: the map is made smooth first and coloured afterwards.
const DATA = JSON.parse(document.getElementById("data").textContent);
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const TABLES = Object.fromEntries(
  Object.entries(DATA.colormaps).map(([name, table]) => [name, bytes(table)]),
);
const SMOOTH = 112;
let tableName = "viridis";
const painted = new Set();

function smooth(map) {
  const small = new OffscreenCanvas(map.width, map.height);
  const pixels = new ImageData(map.width, map.height);
  bytes(map.data).forEach((value, i) => pixels.data.set([value, value, value, 255], 4 * i));
  small.getContext("2d").putImageData(pixels, 0, 0);
  const large = new OffscreenCanvas(SMOOTH, SMOOTH).getContext("2d", { willReadFrequently: true });
  large.imageSmoothingQuality = "high";
  large.drawImage(small, 0, 0, SMOOTH, SMOOTH);
  return large.getImageData(0, 0, SMOOTH, SMOOTH);
}

function paint(canvas) {
  const heat = smooth(canvas.map);
  const table = TABLES[tableName];
  for (let i = 0; i < heat.data.length; i += 4) {
    const row = 3 * heat.data[i];
    heat.data[i + 1] = table[row + 1];
    heat.data[i + 2] = table[row + 2];
    heat.data[i] = table[row];
  }
  canvas.getContext("2d").putImageData(heat, 0, 0);
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

// A photo with a map over it; either may be missing.
function stack(picture, map, words) {
  const box = element("div", { className: "stack" });
  if (picture) box.append(element("img", { src: picture, alt: words, loading: "lazy" }));
  if (map) {
    const canvas = element("canvas", { width: SMOOTH, height: SMOOTH, ariaHidden: "true" });
    canvas.map = map;
    sight.observe(canvas);
    box.append(canvas);
  }
  return box;
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
