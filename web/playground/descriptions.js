// What the classes of a model are: general knowledge, as the server tells it.

import { requestJson } from "./api.js";
import { element } from "./dom.js";
import { language, t } from "./language.js";
import { splitClass, title } from "./messages.js";

const known = new Map(); // by model: a promise of its descriptions by class name

// Empty for a model that describes none, and where the server cannot be reached.
export function classDescriptions(model) {
  if (!known.has(model)) known.set(model, loadDescriptions(model));
  return known.get(model);
}

async function loadDescriptions(model) {
  try {
    const found = await requestJson(`/v1/classes?model=${encodeURIComponent(model)}&lang=${language}`);
    return new Map(found.map((description) => [description.class_name, description]));
  } catch (error) {
    console.warn("classes are not described:", error);
    known.delete(model); // it is asked for again with the next result
    return new Map();
  }
}

// A <details> element, closed.
export function aboutClass(description) {
  const summary = element("summary", { textContent: t("About {title}", { title: title(splitClass(description.class_name)) }) });
  return element("details", {}, summary, element("dl", { className: "facts" }, ...facts(description).flatMap(fact)));
}

// [name, contents] each; without contents it is left out.
const facts = (description) => [
  [t("Names"), [description.common_names.join(", ")]],
  [t("Cause"), description.causes.map(causeText)],
  [t("Look for"), [description.symptoms]],
  [t("Heat"), [description.expected_heat]],
  [t("Confused with"), description.lookalikes.map(({ name, difference }) => `${name}: ${difference}`)],
  [t("What to do"), [description.next_steps]],
  [t("Source"), description.sources.map(sourceLink)],
];

const fact = ([name, contents]) =>
  contents.length ? [element("dt", { textContent: name }), ...contents.map((content) => element("dd", {}, content))] : [];

function causeText({ kind, name, other_names: others, eppo_code: code }) {
  const also = others.length && t("also {names}", { names: others.join(", ") });
  return [`${t(kind)} ${name}`, also, code && t("EPPO code {code}", { code })].filter(Boolean).join(", ");
}

const sourceLink = ({ publisher, title: page, url }) =>
  element("a", { href: url, target: "_blank", rel: "noreferrer", textContent: `${publisher}: ${page}` });
