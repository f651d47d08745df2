// What the server offers: colour tables, and models with their classes.

import { $, element } from "./elements.js";
import { askJson } from "./server.js";
import { keep, settings } from "./settings.js";

const tables = new Map();
export const models = new Map();

export const table = () => tables.get(settings.colormap) ?? tables.values().next().value;

// Raises Trouble.
export async function readCatalog() {
  const [colormaps, cards] = await Promise.all([askJson("/v1/colormaps"), askJson("/v1/models")]);
  for (const found of colormaps) tables.set(found.name, found.table);
  for (const card of cards) models.set(card.id, card);
  const option = (value, words = value) => element("option", { value, textContent: words });
  $("colormap").replaceChildren(...[...tables.keys()].map((name) => option(name)));
  $("model").replaceChildren(...cards.map((card) => option(card.id, card.title)));
  if (!models.has(settings.model)) keep({ model: cards[0]?.id ?? "" });
  $("colormap").value = settings.colormap;
  $("model").value = settings.model;
}

// The title of the model that explained a job; its id where it is no longer served.
export const titleOf = ({ model }) => models.get(model.id)?.title ?? model.id;
