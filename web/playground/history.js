// Results on this device: the job, the photo and its maps, so that they show offline too.

const MOST = 60;

const opened = new Promise((resolve, reject) => {
  const opening = indexedDB.open("cropshield", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("results", { keyPath: "id" }).createIndex("at", "at");
  opening.onsuccess = () => resolve(opening.result);
  opening.onerror = () => reject(opening.error);
});
opened.catch(() => {}); // whoever asks is told

async function inStore(mode, work) {
  const transaction = (await opened).transaction("results", mode);
  const answer = work(transaction.objectStore("results"));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(answer.result);
    transaction.onerror = () => reject(transaction.error);
  });
}

export const find = (id) => inStore("readonly", (store) => store.get(id));
export const forget = () => inStore("readwrite", (store) => store.clear());

// The newest first.
export async function all() {
  return (await inStore("readonly", (store) => store.index("at").getAll())).reverse();
}

// entry: {id, job, photo, maps}, the last two as blobs.
export async function remember(entry) {
  await inStore("readwrite", (store) => store.put({ ...entry, at: Date.now() }));
  const old = (await all()).slice(MOST);
  if (old.length) await inStore("readwrite", (store) => old.map(({ id }) => store.delete(id)).at(-1));
}
