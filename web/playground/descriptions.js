// What the classes of a model are: general knowledge, as the server tells it.

import { requestJson } from "./api.js";
import { element } from "./dom.js";
import { splitClass, title } from "./messages.js";

const known = new Map(); // by model: a promise of its descriptions by class name

// Empty for a model that describes none, and where the server cannot be reached.
export function classDescriptions(model) {
  if (!known.has(model)) known.set(model, loadDescriptions(model));
  return known.get(model);
}

async function loadDescriptions(model) {
  try {
    const found = await requestJson(`/v1/classes?model=${encodeURIComponent(model)}`);
    return new Map(found.map((description) => [description.class_name, description]));
  } catch (error) {
    console.warn("classes are not described:", error);
    known.delete(model); // it is asked for again with the next result
    return new Map();
  }
}

// A <details> element, closed.
export function aboutClass(description) {
  const summary = element("summary", { textContent: `About ${title(splitClass(description.class_name))}` });
  return element("details", {}, summary, element("dl", { className: "facts" }, ...facts(description).flatMap(fact)));
}

const facts = (description) => [
  ["Names", description.common_names.join(", ")],
  ...description.causes.map((cause) => ["Cause", causeText(cause)]),
  ["Look for", description.symptoms],
  ["Heat", description.expected_heat],
  ...description.lookalikes.map(({ name, difference }) => ["Confused with", `${name}: ${difference}`]),
  ["What to do", description.next_steps],
  ...description.sources.map((source) => ["Source", sourceLink(source)]),
];

const fact = ([name, content]) => [element("dt", { textContent: name }), element("dd", {}, content)];

function causeText({ kind, name, other_names: others, eppo_code: code }) {
  const also = others.length ? `, also ${others.join(", ")}` : "";
  return `${kind} ${name}${also}${code ? `; EPPO code ${code}` : ""}`;
}

const sourceLink = ({ publisher, title: page, url }) =>
  element("a", { href: url, target: "_blank", rel: "noreferrer", textContent: `${publisher}: ${page}` });
