// Is it right, and if not, what is it.

import { $, element } from "./elements.js";
import { askJson } from "./server.js";
import { title } from "./words.js";

let job;

export function askOpinion(about, classes) {
  job = about;
  $("thanks").textContent = "";
  showCorrection(false);
  const options = classes.map((name) => element("option", { value: name, textContent: worded(name) }));
  $("right-class").replaceChildren(element("option", { value: "", textContent: "I do not know" }), ...options);
}

function worded(name) {
  const [crop, disease] = name.split("__");
  return title({ crop, disease });
}

function showCorrection(shown) {
  $("correction").hidden = !shown;
  $("disagree").ariaExpanded = String(shown);
}

async function send(opinion) {
  const headers = { "Content-Type": "application/json" };
  try {
    await askJson(`${job.links.self}/feedback`, { method: "POST", headers, body: JSON.stringify(opinion) });
    $("thanks").textContent = "Thank you, noted.";
    showCorrection(false);
  } catch (trouble) {
    $("thanks").textContent = trouble.message;
  }
}

export function listenForOpinions() {
  $("agree").onclick = () => send({ agree: true });
  $("disagree").onclick = () => showCorrection($("correction").hidden);
  $("correction").onsubmit = (event) => {
    event.preventDefault();
    send({ agree: false, class_name: $("right-class").value || null, note: $("note").value });
  };
}
