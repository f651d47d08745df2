// What the page tells of its work: how far it is, and what went wrong.

import { $ } from "./elements.js";
import { Trouble } from "./server.js";

export function say(words = "", progress = null) {
  $("status").textContent = words;
  $("status").hidden = !words;
  $("progress").hidden = progress === null;
  if (progress !== null) $("progress").value = progress;
}

// Runs `work`; what goes wrong is told in words, with a button to run it again.
export async function attempt(work) {
  $("trouble").hidden = true;
  try {
    await work();
  } catch (error) {
    say();
    console.warn(error);
    $("trouble").firstElementChild.textContent = error instanceof Trouble ? error.message : `This page failed: ${error.message}`;
    $("trouble").lastElementChild.hidden = !error.retryable;
    $("trouble").lastElementChild.onclick = () => attempt(work);
    $("trouble").hidden = false;
    if (error.needsKey) $("settings").open = true;
  }
}
