// Submitting photos: one photo is a job, several are batches of up to 64.

import { requestJson } from "./api.js";
import { shrink } from "./photos.js";
import { settings } from "./settings.js";

export const MAX_PHOTOS = 64;

function jobOptions() {
  const options = new URLSearchParams({ top_k: settings.topK, colormap: settings.colormap });
  if (settings.model) options.set("model", settings.model);
  return options;
}

// A request that is repeated under the same idempotency key creates nothing twice.
const post = (path, body, key, headers = {}) =>
  requestJson(`${path}?${jobOptions()}`, { method: "POST", body, headers: { "Idempotency-Key": key, ...headers } });

// The photo as it is sent: made smaller, unless the user wants full size.
export const preparePhoto = (file) => (settings.original ? file : shrink(file));

export const submitPhoto = (photo, key) => post("/v1/jobs", photo, key, { "Content-Type": "application/octet-stream" });

export async function submitBatch(files, key) {
  const form = new FormData();
  for (const file of files) form.append("images", await preparePhoto(file), file.name);
  return post("/v1/batches", form, key);
}
