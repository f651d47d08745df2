// One result: the picture, the text, and the classes side by side.

import { modelClasses, modelTitle } from "./catalog.js";
import { fillConditions } from "./conditions.js";
import { aboutClass, classDescriptions } from "./descriptions.js";
import { $, download, element } from "./dom.js";
import { drawBoxes, drawLegend, drawOverlay } from "./heatmap.js";
import { t } from "./language.js";
import { affectedMessage, headline, hint, isFamiliar, percent, regionsMessage, splitClass, title, verdictMessage } from "./messages.js";
import { settings } from "./settings.js";
import { relativePeaks } from "./stored-result.js";

let shown; // {job, photo, maps, blobs}, and rank: which of its maps is shown large
let table;

export function showResult(loaded) {
  shown = { ...loaded, rank: 0 };
  const { model, result } = loaded.job;
  const classes = modelClasses(model.id);
  $("result").hidden = false;
  $("result-title").textContent = headline(result);
  $("verdict").textContent = verdictMessage(loaded.job, classes);
  $("affected").textContent = affectedMessage(result);
  fillConditions($("known"), isFamiliar(result) ? undefined : classes);
  $("by").textContent = t("Model: {title}", { title: modelTitle(model.id) });
  $("share").textContent = t("Copy link");
  $("predictions").replaceChildren(...result.predictions.map(predictionItem));
  if (classes) describePredictions(loaded.job);
  $("compare").hidden = result.explanations.length < 2;
  $("strip").replaceChildren(...result.explanations.map(classTile));
  selectClass(0);
  drawTiles();
  offerExplainAgain();
}

export function hideResult() {
  shown = undefined;
  $("result").hidden = true;
  offerExplainAgain();
}

export const shownPhoto = () => shown.blobs.photo;

// The photo can be explained again with another model, or for more classes.
export function offerExplainAgain() {
  const { model, options } = shown?.job ?? {};
  $("again").hidden = !shown || (settings.model === model.id && settings.topK === options.top_k);
}

export function setColourTable(newTable) {
  table = newTable;
  drawLegend($("legend"), table);
  redraw();
}

export function redraw() {
  if (!shown) return;
  drawPicture();
  drawTiles();
}

function drawPicture({ held = false } = {}) {
  drawOverlay($("picture"), shown.photo, shown.maps[shown.rank], table, { opacity: held ? 0 : settings.opacity / 100 });
  const regions = shown.job.result.explanations[shown.rank].regions ?? []; // older workers send none
  if (settings.boxes && !held) drawBoxes($("picture"), regions.map(({ box }) => box));
  $("regions").textContent = settings.boxes ? regionsMessage(regions) : "";
}

function drawTiles() {
  const opacity = settings.opacity / 100;
  const peaks = relativePeaks(shown.job);
  $("strip").querySelectorAll("canvas").forEach((canvas, rank) => {
    drawOverlay(canvas, shown.photo, shown.maps[rank], table, { opacity, peak: peaks[rank], longSide: 480 });
  });
}

function predictionItem(prediction) {
  const meter = element("meter", { min: 0, max: 1, value: prediction.confidence });
  const confidence = percent(prediction.confidence);
  meter.ariaLabel = `${title(prediction)}, ${confidence}`;
  return element("li", {}, element("span", { textContent: title(prediction) }), element("span", { textContent: confidence }), meter);
}

// Below each prediction what its class is, where the model's card tells it.
async function describePredictions({ model, result }) {
  const mine = shown;
  const descriptions = await classDescriptions(model.id);
  if (mine !== shown) return; // another result is shown by now
  result.predictions.forEach(({ class_name: name }, place) => {
    if (descriptions.has(name)) $("predictions").children[place].append(aboutClass(descriptions.get(name)));
  });
}

function classTile(explanation, rank) {
  const canvas = element("canvas", { width: 4, height: 3, ariaHidden: "true" });
  const text = element("span", { textContent: classTitle(explanation) });
  return element("li", {}, element("button", { type: "button", onclick: () => selectClass(rank) }, canvas, text));
}

const classTitle = ({ class_name: name, class_index: index }) => title(splitClass(name ?? t("class {index}", { index })));

function selectClass(rank) {
  shown.rank = rank;
  const explanation = shown.job.result.explanations[rank];
  const { diagnostics, is_zero: isZero } = explanation;
  const none = isZero ? t("The model found no evidence for this class in the photo.") : "";
  $("sentence").textContent = diagnostics ? t(diagnostics.sentence) : none;
  $("hint").textContent = hint(diagnostics);
  const described = t("The photo with the heat for {title}.", { title: classTitle(explanation) });
  $("picture").ariaLabel = `${described} ${$("sentence").textContent}`;
  $("strip").querySelectorAll("button").forEach((button, place) => (button.ariaCurrent = String(place === rank)));
  drawPicture();
}

// While it is held, the photo is shown without the heat.
function holdPhoto(held) {
  if (!shown) return; // the pointer leaves a result that was hidden
  $("hold").ariaPressed = String(held);
  drawPicture({ held });
}

export function initResult() {
  for (const target of [$("hold"), $("picture")]) {
    target.addEventListener("pointerdown", () => holdPhoto(true));
    for (const end of ["pointerup", "pointerleave", "pointercancel"]) target.addEventListener(end, () => holdPhoto(false));
  }
  const keys = new Set(["Enter", " "]);
  let byKey = false;
  $("hold").addEventListener("keydown", (event) => keys.has(event.key) && holdPhoto((byKey = true)));
  for (const end of ["keyup", "blur"]) $("hold").addEventListener(end, () => byKey && holdPhoto((byKey = false)));
  $("share").onclick = copyLink;
  $("save-overlay").onclick = () => $("picture").toBlob((blob) => download(blob, `${shown.job.id}-overlay.png`));
  $("save-heatmap").onclick = () => download(shown.blobs.maps[shown.rank], `${shown.job.id}-heatmap.png`);
  $("save-json").onclick = () => download(new Blob([JSON.stringify(shown.job, null, 2)], { type: "application/json" }), `${shown.job.id}.json`);
}

async function copyLink() {
  const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
  $("share").textContent = copied ? t("Link copied") : t("Copy the address of this page");
}
