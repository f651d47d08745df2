// A succeeded job with its photo and maps, from this device or the server.

import { readMap } from "./heat.js";
import { find, remember } from "./history.js";
import { askBlob } from "./server.js";

// {job, photo (bitmap), maps, blobs}. Raises Trouble.
export async function load(job) {
  const blobs = (await find(job.id).catch(() => null)) ?? (await fetchBlobs(job));
  const photo = await createImageBitmap(blobs.photo);
  const boxes = job.result.explanations.map((found) => found.heatmap.box);
  return { job, photo, maps: await Promise.all(blobs.maps.map((map, rank) => readMap(map, boxes[rank]))), blobs };
}

async function fetchBlobs(job) {
  const maps = job.result.explanations.map((found) => askBlob(found.links.heatmap));
  const blobs = { id: job.id, job, photo: await askBlob(job.links.photo), maps: await Promise.all(maps) };
  await remember(blobs).catch((error) => console.warn("not kept on this device:", error));
  return blobs;
}

// How much of its own maximum each map has on the scale of the strongest one.
export function shares(job) {
  const peaks = job.result.explanations.map((found) => found.heatmap.peak ?? 1);
  const most = Math.max(...peaks) || 1;
  return peaks.map((peak) => peak / most);
}
