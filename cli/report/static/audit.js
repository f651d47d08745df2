"use strict";
// The small pictures in the tables; a click shows the photo among the others.
const byId = new Map(DATA.cards.map((card) => [card.id, card]));

for (const node of document.querySelectorAll("[data-map]")) {
  const map = JSON.parse(node.dataset.map);
  if (map) node.append(stack("", map, ""));
}

function small(card, named) {
  const button = element("button", { type: "button", title: card.name, ariaLabel: t("show {name}", { name: card.name }) },
    stack(card.picture, named ? null : card.views[0].map, card.name));
  button.addEventListener("click", () => only({ search: card.name }));
  if (!named) return button;
  return element("figure", {}, button, element("figcaption", { textContent: spoken(card.truth) }));
}

for (const node of document.querySelectorAll("[data-photos]")) {
  const found = JSON.parse(node.dataset.photos).map((id) => byId.get(id)).filter(Boolean);
  node.append(...found.map((card) => small(card, "named" in node.dataset)));
}
