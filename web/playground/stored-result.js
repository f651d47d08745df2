// A succeeded job with its photo and maps, from this device or from the server.

import { requestBlob } from "./api.js";
import { readMap } from "./heatmap.js";
import { findResult, saveResult } from "./history.js";

// {job, photo (bitmap), maps, blobs}. Raises RequestError.
export async function loadResult(job) {
  const blobs = (await findResult(job.id).catch(() => null)) ?? (await fetchBlobs(job));
  const photo = await createImageBitmap(blobs.photo);
  const boxes = job.result.explanations.map((found) => found.heatmap.box);
  return { job, photo, maps: await Promise.all(blobs.maps.map((map, rank) => readMap(map, boxes[rank]))), blobs };
}

async function fetchBlobs(job) {
  const maps = job.result.explanations.map((found) => requestBlob(found.links.heatmap));
  const blobs = { id: job.id, job, photo: await requestBlob(job.links.photo), maps: await Promise.all(maps) };
  await saveResult(blobs).catch((error) => console.warn("not kept on this device:", error));
  return blobs;
}

// The peak of each map, 0 to 1, where 1 is that of the strongest one.
export function relativePeaks(job) {
  const peaks = job.result.explanations.map((found) => found.heatmap.peak ?? 1);
  const strongest = Math.max(...peaks) || 1;
  return peaks.map((peak) => peak / strongest);
}
