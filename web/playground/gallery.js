// Several results as cards, sortable.

import { titleOf } from "./catalog.js";
import { $, element } from "./elements.js";
import { load } from "./entry.js";
import { hasEnded } from "./follow.js";
import { blend } from "./heat.js";
import { explain } from "./server.js";
import { settings } from "./settings.js";
import { ending, headline, percent, waiting } from "./words.js";

const leafShare = (job) => job.result.explanations[0]?.diagnostics.leaf_share;
const margin = (job) => job.result.predictions[0].confidence - (job.result.predictions[1]?.confidence ?? 0);
const BY = {
  confidence: (job) => job.result.predictions[0].confidence,
  margin,
  leaf: (job) => leafShare(job) ?? 1,
};
// What a card adds, so that the order can be understood.
const SAID = {
  margin: (job) => `${percent(margin(job))} ahead of the second`,
  leaf: (job) => (leafShare(job) == null ? "no leaf found" : `${percent(leafShare(job))} of the heat on the leaf`),
};

// items: {name, job, error} each. Photos without a result come last.
export function sorted(items, by) {
  const value = (item) => (item.job?.result ? BY[by](item.job) : Infinity);
  return by === "order" ? items : items.toSorted((a, b) => value(a) - value(b) || 0);
}

// by: what they are sorted by.
export function showCards(list, items, table, onOpen, by = "order") {
  list.replaceChildren(...items.map((item) => element("li", {}, card(item, table, onOpen, by))));
}

function card(item, table, onOpen, by) {
  const { job } = item;
  if (!job?.result) {
    const words = item.error ? explain(item.error) : job?.error ? explain(job.error) : job && hasEnded(job) ? ending(job) : job ? waiting(job) : "";
    return element("div", { className: "tile" }, element("strong", { textContent: item.name ?? "" }), element("span", { textContent: words }));
  }
  const best = job.result.predictions[0];
  const canvas = element("canvas", { width: 4, height: 3 });
  canvas.ariaHidden = "true";
  paint(canvas, job, table);
  const words = element("span", { textContent: `${headline(job.result)}, ${percent(best.confidence)}` });
  const more = [SAID[by]?.(job), item.name, job.model.id !== settings.model && titleOf(job)].filter(Boolean);
  const small = more.map((textContent) => element("span", { className: "faint", textContent }));
  const made = element("button", { type: "button", onclick: () => onOpen(job) }, canvas, words, ...small);
  made.dataset.job = job.id;
  return made;
}

async function paint(canvas, job, table) {
  try {
    const { photo, maps } = await load(job);
    blend(canvas, photo, maps[0], table, { opacity: settings.opacity / 100, longSide: 320 });
  } catch (error) {
    console.warn("no picture:", error.message); // the words are there
  }
}

export function mark(jobId) {
  for (const made of document.querySelectorAll(".cards button[data-job]")) {
    made.ariaCurrent = made.dataset.job === jobId ? "true" : "false";
  }
}

export const sortBy = () => $("sort").value;
