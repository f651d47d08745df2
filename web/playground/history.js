// Results on this device: the job, the photo and its maps, so that they can be shown offline.

import { transact } from "./database.js";

const MAX_RESULTS = 60;

export const findResult = (id) => transact("results", "readonly", (store) => store.get(id));
export const clearResults = () => transact("results", "readwrite", (store) => store.clear());

// The newest first.
export async function allResults() {
  return (await transact("results", "readonly", (store) => store.index("at").getAll())).reverse();
}

// result: {id, job, photo, maps}, the last two as blobs.
export async function saveResult(result) {
  await transact("results", "readwrite", (store) => store.put({ ...result, at: Date.now() }));
  const old = (await allResults()).slice(MAX_RESULTS);
  if (old.length) await transact("results", "readwrite", (store) => old.map(({ id }) => store.delete(id)).at(-1));
}
