// What a model knows: its conditions, crop by crop.

import { modelClasses } from "./catalog.js";
import { $, element } from "./dom.js";
import { inWords, seeConditions, splitClass } from "./messages.js";
import { settings } from "./settings.js";

// Fills a <details> element; hides it where nothing is known of the model.
export function fillConditions(details, classes) {
  details.hidden = !classes?.length;
  if (details.hidden) return;
  const [summary, list] = details.children;
  summary.textContent = seeConditions(classes);
  list.replaceChildren(...Array.from(byCrop(classes), ([crop, found]) => cropItem(crop, found)));
}

// Those of the model that is chosen under Settings.
export const showConditions = () => fillConditions($("conditions"), modelClasses(settings.model));

function byCrop(classes) {
  const crops = new Map();
  for (const one of classes.map(splitClass).map(inWords)) crops.set(one.crop, [...(crops.get(one.crop) ?? []), one]);
  return crops;
}

function cropItem(crop, conditions) {
  const names = conditions.map(({ disease }) => disease).filter(Boolean).join(", ");
  return element("li", {}, element("strong", { textContent: crop }), names && `: ${names}`);
}
