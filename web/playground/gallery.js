// Several results as cards that can be sorted.

import { modelTitle } from "./catalog.js";
import { $, element } from "./dom.js";
import { hasEnded } from "./follow.js";
import { drawOverlay } from "./heatmap.js";
import { t } from "./language.js";
import { endMessage, headline, percent, problemMessage, waitingMessage } from "./messages.js";
import { settings } from "./settings.js";
import { loadResult } from "./stored-result.js";

const confidence = (job) => job.result.predictions[0].confidence;
const margin = (job) => confidence(job) - (job.result.predictions[1]?.confidence ?? 0);
const leafShare = (job) => job.result.explanations[0]?.diagnostics.leaf_share;

const SORT_KEYS = { confidence, margin, leaf: (job) => leafShare(job) ?? 1 };
// What a card adds, so that the order can be understood.
const SORT_NOTES = {
  margin: (job) => t("{percent} ahead of the second answer", { percent: percent(margin(job)) }),
  leaf: (job) => (leafShare(job) == null ? t("no leaf found") : t("{percent} of the heat on the leaf", { percent: percent(leafShare(job)) })),
};

export const selectedSort = () => $("sort").value;

// items: {name, job, error} each. Photos without a result come last.
export function sortItems(items, by) {
  const value = (item) => (item.job?.result ? SORT_KEYS[by](item.job) : Infinity);
  return by === "order" ? items : items.toSorted((a, b) => value(a) - value(b) || 0);
}

export function showCards(list, items, table, onOpen, sortedBy = "order") {
  const cards = items.map((item) => (item.job?.result ? resultCard(item, table, onOpen, sortedBy) : emptyCard(item)));
  list.replaceChildren(...cards.map((card) => element("li", {}, card)));
}

function emptyCard({ name, job, error }) {
  const message = job ? (hasEnded(job) ? endMessage(job) : waitingMessage(job)) : error ? problemMessage(error) : "";
  const children = [element("strong", { textContent: name ?? "" }), element("span", { textContent: message })];
  return element("div", { className: "tile" }, ...children);
}

function resultCard({ name, job }, table, onOpen, sortedBy) {
  const canvas = element("canvas", { width: 4, height: 3, ariaHidden: "true" });
  drawCard(canvas, job, table);
  const text = element("span", { textContent: `${headline(job.result)}, ${percent(confidence(job))}` });
  const notes = [SORT_NOTES[sortedBy]?.(job), name, job.model.id !== settings.model && modelTitle(job.model.id)];
  const small = notes.filter(Boolean).map((textContent) => element("span", { className: "faint", textContent }));
  const card = element("button", { type: "button", onclick: () => onOpen(job) }, canvas, text, ...small);
  card.dataset.job = job.id;
  return card;
}

async function drawCard(canvas, job, table) {
  try {
    const { photo, maps } = await loadResult(job);
    drawOverlay(canvas, photo, maps[0], table, { opacity: settings.opacity / 100, longSide: 320 });
  } catch (error) {
    console.warn("no picture:", error.message); // the text is there
  }
}

export function markCurrent(jobId) {
  for (const card of document.querySelectorAll(".cards button[data-job]")) {
    card.ariaCurrent = String(card.dataset.job === jobId);
  }
}
