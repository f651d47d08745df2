// What the page keeps on this device, in IndexedDB: results, and photos on their way.

import { t } from "./language.js";

const opened = new Promise((resolve, reject) => {
  const opening = indexedDB.open("cropshield", 2);
  opening.onupgradeneeded = ({ oldVersion }) => {
    for (const store of ["results", "outbox"].slice(oldVersion)) {
      opening.result.createObjectStore(store, { keyPath: "id" }).createIndex("at", "at");
    }
  };
  opening.onsuccess = () => {
    opening.result.onversionchange = () => opening.result.close(); // a newer page is open beside this one
    resolve(opening.result);
  };
  opening.onerror = () => reject(opening.error);
  opening.onblocked = () => reject(new Error(t("an older page of this server is open in another tab")));
});
opened.catch(() => {}); // each transaction rejects instead

// The result of the request that `work(store)` makes, when all of it is on the disk.
export async function transact(store, mode, work) {
  const transaction = (await opened).transaction(store, mode);
  const request = work(transaction.objectStore(store));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error); // aborted: no room
  });
}
