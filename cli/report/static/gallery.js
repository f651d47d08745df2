"use strict";
// The photos: searched, filtered, sorted, noted on; notes stay in this browser.
const PAGE = 48;
const NOTED = t("noted");
// English in what is kept and exported, by whatever language the page is read.
const TODO = {
  "": t("to do …"),
  "check the label": t("check the label"),
  "photograph again": t("photograph again"),
  "ask an agronomist": t("ask an agronomist"),
  "more photos like it": t("more photos like it"),
  "leave out": t("leave out"),
  fine: t("fine"),
};
const tools = document.querySelector(".tools");
const field = (name) => tools.querySelector(`[name="${name}"]`);
const cards = document.querySelector(".cards");
const more = document.getElementById("more");
const chosen = new Set(DATA.cards.some((card) => card.reasons.includes("mistake")) ? ["mistake"] : []);
const pair = { truth: null, said: null };
let limit = PAGE;

const notes = (() => {
  const storageKey = `cropshield:${DATA.key}`;
  let all = {};
  try {
    all = JSON.parse(localStorage.getItem(storageKey) ?? "{}");
  } catch {
    document.getElementById("unkept").hidden = false;
  }
  return {
    of: (id) => all[id] ?? { todo: "", note: "" },
    set(id, change) {
      all[id] = { ...this.of(id), ...change };
      try {
        localStorage.setItem(storageKey, JSON.stringify(all));
      } catch {
        document.getElementById("unkept").hidden = false;
      }
    },
  };
})();

const SORT_NAMES = {
  "least certain first": t("least certain first"),
  "most certain first": t("most certain first"),
  "smallest margin first": t("smallest margin first"),
  "least heat on the leaf first": t("least heat on the leaf first"),
  "most scattered heat first": t("most scattered heat first"),
  "by name": t("by name"),
};
const SORTS = {
  "least certain first": (a, b) => a.confidence - b.confidence,
  "most certain first": (a, b) => b.confidence - a.confidence,
  "smallest margin first": (a, b) => a.margin - b.margin,
  "least heat on the leaf first": (a, b) => (a.leaf ?? 2) - (b.leaf ?? 2),
  "most scattered heat first": (a, b) => a.focus - b.focus,
  "by name": (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }),
};

function matching() {
  const text = field("search").value.toLowerCase();
  const name = field("class").value;
  const found = DATA.cards.filter(
    (card) =>
      (!text || `${card.name} ${card.views.map((view) => view.label)} ${notes.of(card.id).note}`.toLowerCase().includes(text)) &&
      (!name || card.classes.includes(name)) &&
      (!pair.truth || (card.truth === pair.truth && card.said === pair.said)) &&
      (!chosen.size || [...chosen].some((reason) => reasons(card).includes(reason))),
  );
  return found.sort(SORTS[field("sort").value]);
}

function reasons(card) {
  const { todo, note } = notes.of(card.id);
  return todo || note ? [...card.reasons, "noted"] : card.reasons;
}

function show() {
  const found = matching();
  cards.replaceChildren(...found.slice(0, limit).map(cardOf));
  more.hidden = found.length <= limit;
  document.getElementById("count").textContent =
    t("{shown} of {all} photos", { shown: number(found.length), all: number(DATA.cards.length) }) +
    (pair.truth ? `: ${t("{label}, taken for {said}", { label: spoken(pair.truth), said: spoken(pair.said) })}` : "");
}

const number = (value) => value.toLocaleString(DATA.language);
const percent = (share) => {
  const maximumFractionDigits = share > 0.995 || share < 0.005 ? 1 : 0;
  return share.toLocaleString(DATA.language, { style: "percent", maximumFractionDigits });
};
function spoken(name) {
  const english = name.replace("__", ": ").replaceAll("_", " ");
  return t(english);
}

function viewOf(card, view) {
  const bar = element("div", { className: "bar" }, element("i"));
  bar.firstChild.style.width = `${100 * view.confidence}%`;
  const caption = element("figcaption", {},
    element("b", { textContent: `${view.role ? `${view.role}: ` : ""}${view.label}, ${percent(view.confidence)}` }),
    bar,
    element("span", { className: "faint", textContent: view.say }));
  return element("figure", {}, stack(card.picture, view.map, t("{name}, heat for {label}", { name: card.name, label: view.label }), view.regions), caption);
}

function cardOf(card) {
  const title = element("h3", { title: card.id },
    card.truth ? element("b", { textContent: t("Labelled {label}", { label: spoken(card.truth) }) }) : null, card.name);
  const why = element("ul", { className: "why" },
    ...card.reasons.map((reason) => element("li", { textContent: t(reason), className: DATA.styles[reason] ?? "" })));
  const views = element("div", { className: "views" }, ...card.views.map((view) => viewOf(card, view)));
  const kept = notes.of(card.id);
  const todo = element("select", { ariaLabel: t("to do for {name}", { name: card.name }) },
    ...Object.entries(TODO).map(([value, textContent]) => element("option", { value, textContent, selected: value === kept.todo })));
  const note = element("textarea", { rows: 1, placeholder: t("note"), ariaLabel: t("note on {name}", { name: card.name }), value: kept.note });
  todo.addEventListener("change", () => { notes.set(card.id, { todo: todo.value }); chips(); });
  note.addEventListener("input", () => { notes.set(card.id, { note: note.value }); chips(); });
  const extra = (card.extra ?? []).map((line) => element("p", { className: "faint", textContent: line }));
  const made = element("article", { className: card.views.length > 1 ? "card pair" : "card" },
    title, views, why, ...extra, element("div", { className: "mine" }, todo, note));
  return made;
}

function chips() {
  const counts = new Map();
  for (const card of DATA.cards)
    for (const reason of reasons(card)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const names = [...new Set([...(DATA.reasons ?? []), ...counts.keys()])].filter((name) => counts.has(name) || chosen.has(name));
  tools.querySelector(".chips").replaceChildren(...names.map((name) => {
    const chip = element("button", { type: "button", textContent: `${name === "noted" ? NOTED : t(name)} ${number(counts.get(name) ?? 0)}`, ariaPressed: chosen.has(name) });
    chip.addEventListener("click", () => {
      chosen.has(name) ? chosen.delete(name) : chosen.add(name);
      refresh();
    });
    return chip;
  }));
}

function refresh() {
  limit = PAGE;
  chips();
  show();
}

// From elsewhere on the page: only these reasons, this class, or this confusion.
function only({ reason = [], name = "", truth = null, said = null, search = "", sort = null }) {
  chosen.clear();
  for (const one of [reason].flat()) chosen.add(one);
  field("class").value = name;
  field("search").value = search;
  if (sort) field("sort").value = sort;
  Object.assign(pair, { truth, said });
  refresh();
  document.getElementById("photos").scrollIntoView();
}

function exported() {
  const rows = DATA.cards.filter((card) => reasons(card).includes("noted")).map((card) => {
    const { todo, note } = notes.of(card.id);
    return [card.id, card.truth ?? "", card.said, card.confidence, card.reasons.join(" "), todo, note];
  });
  // What a spreadsheet would run gets a quote before it, as in jobs/spreadsheet.py.
  const formula = /(^|[;|\t\r\n])([\s"\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]*)(?=[=+@\-＝＋＠－﹦﹢﹫﹣])/g;
  const guarded = (text) => text.replace(formula, "$1'$2").replace(/^(?=[\t\r\n])/, "'");
  const cell = (value) => `"${(typeof value === "number" ? String(value) : guarded(String(value))).replaceAll('"', '""')}"`;
  const head = ["path", "label", "prediction", "confidence", "why", "to do", "note"];
  // The byte order mark tells Excel that this is UTF-8.
  return "\ufeff" + [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

function saveAs(name, text) {
  const link = element("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

field("class").append(...[...new Set(DATA.cards.flatMap((card) => card.classes))].sort()
  .map((name) => element("option", { value: name, textContent: spoken(name) })));
field("sort").append(...Object.keys(SORTS).map((name) => element("option", { value: name, textContent: SORT_NAMES[name] })));
field("colormap").append(...Object.keys(TABLES).map((name) => element("option", { value: name, textContent: name })));
for (const name of ["search", "class", "sort"]) field(name).addEventListener("input", () => { Object.assign(pair, { truth: null, said: null }); limit = PAGE; show(); });
field("colormap").addEventListener("input", (event) => setTable(event.target.value));
field("heat").addEventListener("input", (event) => setHeat(event.target.value));
field("boxes").addEventListener("input", (event) => document.documentElement.classList.toggle("boxes", event.target.checked));
field("boxes").parentElement.hidden = !DATA.cards.some((card) => card.views.some((view) => view.regions?.length));
const hold = document.getElementById("hold");
for (const name of ["pointerdown", "keydown"]) hold.addEventListener(name, () => setHeat(0));
for (const name of ["pointerup", "pointerleave", "keyup", "blur"]) hold.addEventListener(name, () => setHeat(field("heat").value));
document.getElementById("everything").addEventListener("click", () => only({}));
document.getElementById("export").addEventListener("click", () => saveAs("to-do.csv", exported()));
more.addEventListener("click", () => { limit += PAGE; show(); });
for (const button of document.querySelectorAll("[data-only]"))
  button.addEventListener("click", () => only(JSON.parse(button.dataset.only)));
setTable("viridis");
refresh();
