// How far the page's work is, and what went wrong.

import { RequestError } from "./api.js";
import { $ } from "./dom.js";
import { t } from "./language.js";

// progress: 0 to 1; without it no bar is shown.
export function showStatus(message = "", progress = null) {
  $("status").textContent = message;
  $("status").hidden = !message;
  $("progress").hidden = progress === null;
  if (progress !== null) $("progress").value = progress;
}

// Runs `work`. An error is shown, with a button to try again where that may help.
export async function runWithErrors(work) {
  $("trouble").hidden = true;
  try {
    await work();
  } catch (error) {
    showStatus();
    console.warn(error);
    $("trouble").firstElementChild.textContent = error instanceof RequestError ? error.message : t("This page failed: {message}", { message: error.message });
    $("trouble").lastElementChild.hidden = !error.retryable;
    $("trouble").lastElementChild.onclick = () => runWithErrors(work);
    $("trouble").hidden = false;
    if (error.needsKey) $("settings").open = true;
  }
}
