// Results on this device: the job, the photo and its maps, so that they can be shown offline.

const MAX_RESULTS = 60;

const database = new Promise((resolve, reject) => {
  const opening = indexedDB.open("cropshield", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("results", { keyPath: "id" }).createIndex("at", "at");
  opening.onsuccess = () => resolve(opening.result);
  opening.onerror = () => reject(opening.error);
});
database.catch(() => {}); // each function below rejects instead

async function transact(mode, work) {
  const transaction = (await database).transaction("results", mode);
  const request = work(transaction.objectStore("results"));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error);
  });
}

export const findResult = (id) => transact("readonly", (store) => store.get(id));
export const clearResults = () => transact("readwrite", (store) => store.clear());

// The newest first.
export async function allResults() {
  return (await transact("readonly", (store) => store.index("at").getAll())).reverse();
}

// result: {id, job, photo, maps}, the last two as blobs.
export async function saveResult(result) {
  await transact("readwrite", (store) => store.put({ ...result, at: Date.now() }));
  const old = (await allResults()).slice(MAX_RESULTS);
  if (old.length) await transact("readwrite", (store) => old.map(({ id }) => store.delete(id)).at(-1));
}
