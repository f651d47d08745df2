// Handing photos in: one is a job, several are batches of up to 64.

import { shrink } from "./photos.js";
import { askJson } from "./server.js";
import { settings } from "./settings.js";

export const MOST = 64;

function options() {
  const chosen = new URLSearchParams({ top_k: settings.topK, colormap: settings.colormap });
  if (settings.model) chosen.set("model", settings.model);
  return chosen;
}

// Under the same key a repeated request makes nothing twice.
const send = (path, body, key, headers = {}) =>
  askJson(`${path}?${options()}`, { method: "POST", body, headers: { "Idempotency-Key": key, ...headers } });

// As it travels: small, or as it is.
export const prepared = (file) => (settings.original ? file : shrink(file));

export const submitOne = (photo, key) => send("/v1/jobs", photo, key, { "Content-Type": "application/octet-stream" });

export async function submitMany(files, key) {
  const form = new FormData();
  for (const file of files) form.append("images", await prepared(file), file.name);
  return send("/v1/batches", form, key);
}
