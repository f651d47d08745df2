// Whether the result is right, and if not, what the right class is.

import { requestJson } from "./api.js";
import { $, element } from "./dom.js";
import { t } from "./language.js";
import { splitClass, title } from "./messages.js";

let job;

export function resetFeedback(newJob, classes = []) {
  job = newJob;
  $("thanks").textContent = "";
  showCorrection(false);
  const options = classes.map((name) => element("option", { value: name, textContent: title(splitClass(name)) }));
  $("right-class").replaceChildren(element("option", { value: "", textContent: t("I do not know") }), ...options);
}

function showCorrection(shown) {
  $("correction").hidden = !shown;
  $("disagree").ariaExpanded = String(shown);
}

async function sendFeedback(feedback) {
  const headers = { "Content-Type": "application/json" };
  try {
    await requestJson(`${job.links.self}/feedback`, { method: "POST", headers, body: JSON.stringify(feedback) });
    $("thanks").textContent = t("Thank you. Your feedback is saved.");
    showCorrection(false);
  } catch (error) {
    $("thanks").textContent = error.message;
  }
}

export function initFeedback() {
  $("agree").onclick = () => sendFeedback({ agree: true });
  $("disagree").onclick = () => showCorrection($("correction").hidden);
  $("correction").onsubmit = (event) => {
    event.preventDefault();
    sendFeedback({ agree: false, class_name: $("right-class").value || null, note: $("note").value });
  };
}
