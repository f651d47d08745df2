// The page without a network, by its service worker. Browsers have one on HTTPS and localhost alone.

import { fetchCatalog } from "./catalog.js";
import { $ } from "./dom.js";
import { LANGUAGES, textsOf } from "./language.js";

export async function keepPage() {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  const takenOver = new Promise((resolve) => serviceWorker.addEventListener("controllerchange", resolve));
  const loadedWithout = !serviceWorker.controller;
  await serviceWorker.register("/service-worker.js");
  const { active } = await serviceWorker.ready;
  if (!serviceWorker.controller) active.postMessage("claim");
  if (loadedWithout) await takenOver.then(askAgain);
  $("offline").hidden = false;
}

// What was loaded before the worker was there, for it to keep; and every language.
function askAgain() {
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  const files = loaded.filter((name) => new URL(name).pathname.startsWith("/playground/"));
  const texts = Object.keys(LANGUAGES).map(textsOf);
  return Promise.all([...["/", ...files, ...texts].map((file) => fetch(file)), fetchCatalog()]);
}
