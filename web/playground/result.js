// One result: the picture, the words, the classes side by side.

import { titleOf } from "./catalog.js";
import { $, element, save } from "./elements.js";
import { shares } from "./entry.js";
import { blend, drawLegend } from "./heat.js";
import { settings } from "./settings.js";
import { headline, hint, percent, title, verdict } from "./words.js";

let shown; // {job, photo, maps, blobs}, and which of its maps: place
let table;

export function showResult(entry) {
  shown = { ...entry, place: 0 };
  const { result } = entry.job;
  $("result").hidden = false;
  $("result-title").textContent = headline(result);
  $("verdict").textContent = verdict(entry.job);
  $("by").textContent = `Seen by ${titleOf(entry.job)}`;
  $("share").textContent = "Copy link";
  $("predictions").replaceChildren(...result.predictions.map(prediction));
  $("compare").hidden = result.explanations.length < 2;
  $("strip").replaceChildren(...result.explanations.map(tile));
  choose(0);
  paintStrip();
  offerAgain();
}

export function hideResult() {
  shown = undefined;
  $("result").hidden = true;
  offerAgain();
}

export const shownPhoto = () => shown.blobs.photo;

// Whether the photo may be looked at again: with another model, or for more classes.
export function offerAgain() {
  const { model, options } = shown?.job ?? {};
  $("again").hidden = !shown || (settings.model === model.id && settings.topK === options.top_k);
}

export function setColours(newTable) {
  table = newTable;
  drawLegend($("legend"), table);
  repaint();
}

export function repaint() {
  if (!shown) return;
  paint();
  paintStrip();
}

function paint(opacity = settings.opacity / 100) {
  blend($("picture"), shown.photo, shown.maps[shown.place], table, { opacity });
}

function paintStrip() {
  const share = shares(shown.job);
  $("strip").querySelectorAll("canvas").forEach((canvas, place) => {
    blend(canvas, shown.photo, shown.maps[place], table, { opacity: settings.opacity / 100, share: share[place], longSide: 480 });
  });
}

function prediction(found) {
  const share = element("meter", { min: 0, max: 1, value: found.confidence });
  share.ariaLabel = `${title(found)}, ${percent(found.confidence)}`;
  return element("li", {}, element("span", { textContent: title(found) }), element("span", { textContent: percent(found.confidence) }), share);
}

function tile(found, place) {
  const [crop, disease] = (found.class_name ?? `class ${found.class_index}`).split("__");
  const canvas = element("canvas", { width: 4, height: 3 });
  canvas.ariaHidden = "true";
  const words = element("span", { textContent: title({ crop, disease }) });
  return element("li", {}, element("button", { type: "button", onclick: () => choose(place) }, canvas, words));
}

function choose(place) {
  shown.place = place;
  const { class_name: name, diagnostics, is_zero: zero } = shown.job.result.explanations[place];
  $("sentence").textContent = diagnostics?.sentence ?? (zero ? "Nothing in this photo speaks for this class." : "");
  $("hint").textContent = hint(diagnostics);
  const [crop, disease] = (name ?? "").split("__");
  $("picture").ariaLabel = `The photo with the heat for ${title({ crop, disease })}. ${$("sentence").textContent}`;
  $("strip").querySelectorAll("button").forEach((button, number) => (button.ariaCurrent = String(number === place)));
  paint();
}

function hold(held) {
  if (!shown) return; // a pointer leaves a result that is gone
  $("hold").ariaPressed = String(held);
  paint(held ? 0 : undefined);
}

export function listenForLooks() {
  for (const target of [$("hold"), $("picture")]) {
    target.addEventListener("pointerdown", () => hold(true));
    for (const end of ["pointerup", "pointerleave", "pointercancel"]) target.addEventListener(end, () => hold(false));
  }
  const keys = new Set(["Enter", " "]);
  let byKey = false;
  $("hold").addEventListener("keydown", (event) => keys.has(event.key) && hold((byKey = true)));
  for (const end of ["keyup", "blur"]) $("hold").addEventListener(end, () => byKey && hold((byKey = false)));
  $("share").onclick = copyLink;
  $("save-overlay").onclick = () => $("picture").toBlob((blob) => save(blob, `${shown.job.id}-overlay.png`));
  $("save-heatmap").onclick = () => save(shown.blobs.maps[shown.place], `${shown.job.id}-heatmap.png`);
  $("save-json").onclick = () => save(new Blob([JSON.stringify(shown.job, null, 2)], { type: "application/json" }), `${shown.job.id}.json`);
}

async function copyLink() {
  const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
  $("share").textContent = copied ? "Link copied" : "Copy the address of this page";
}
