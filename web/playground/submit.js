// Submitting photos: one photo is a job, several are a batch of up to 64. Both have an id of the
// page's own, under which they may be sent any number of times: nothing is created twice.

import { requestJson } from "./api.js";
import { shrink } from "./photos.js";
import { settings } from "./settings.js";

export const MAX_PHOTOS = 64;

// A UUID. (crypto.randomUUID is there on HTTPS and localhost alone.)
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40; // version 4
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// The job options that are chosen now, as a query.
export function jobOptions() {
  const options = new URLSearchParams({ top_k: settings.topK, colormap: settings.colormap });
  if (settings.model) options.set("model", settings.model);
  return options.toString();
}

// The photo as it is sent: made smaller, unless the user wants full size.
export const preparePhoto = (file) => (settings.original ? file : shrink(file));

// The job. Raises RequestError.
export const putJob = (id, { photo }, options) =>
  requestJson(`/v1/jobs/${id}?${options}`, { method: "PUT", body: photo, headers: { "Content-Type": "application/octet-stream" } });

// The batch. Raises RequestError. photos: {name, photo} each.
export function postBatch(id, photos, options) {
  const form = new FormData();
  for (const { name, photo } of photos) form.append("images", photo, name);
  return requestJson(`/v1/batches?${options}`, { method: "POST", body: form, headers: { "Idempotency-Key": id } });
}
