// What the server offers: colour tables, and models with their classes.

import { requestJson } from "./api.js";
import { $, element } from "./dom.js";
import { language } from "./language.js";
import { saveSettings, settings } from "./settings.js";

const tables = new Map();
const models = new Map();

export const colourTable = () => tables.get(settings.colormap) ?? tables.values().next().value;

export const fetchCatalog = () => Promise.all([requestJson("/v1/colormaps"), requestJson(`/v1/models?lang=${language}`)]);

// Raises RequestError.
export async function loadCatalog() {
  const [colormaps, cards] = await fetchCatalog();
  for (const { name, table } of colormaps) tables.set(name, table);
  for (const card of cards) models.set(card.id, card);
  const option = (value, text = value) => element("option", { value, textContent: text });
  $("colormap").replaceChildren(...[...tables.keys()].map((name) => option(name)));
  $("model").replaceChildren(...cards.map((card) => option(card.id, card.title)));
  if (!models.has(settings.model)) saveSettings({ model: cards[0]?.id ?? "" });
  $("colormap").value = settings.colormap;
  $("model").value = settings.model;
}

// The title of a model; its id where the server no longer has it.
export const modelTitle = (id) => models.get(id)?.title ?? id;

// The class names of a model; undefined where the server no longer has it.
export const modelClasses = (id) => models.get(id)?.classes;
