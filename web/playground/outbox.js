// Photos on their way: kept on this device until the server has them and their results are here.
//
// An entry is one photo, sent as a job, or several, sent as a batch: {id, at, photos, options, state,
// reason, link, title}. It is `waiting` to be sent, `sent`, `done`, or has `failed`, for a reason.

import { RequestError, requestJson } from "./api.js";
import { transact } from "./database.js";
import { followBatch, followJob } from "./follow.js";
import { batchMessage, endMessage, headline } from "./messages.js";
import { loadResult } from "./stored-result.js";
import { jobOptions, newId, postBatch, putJob } from "./submit.js";

const FIRST_DELAY = 5, LONGEST_DELAY = 120; // seconds between attempts

const unstored = new Map(); // entries by id for which this device has no room, or no storage at all
const underWay = new Set(); // ids
let onChange = () => {}, onDone = async () => {}, persisting;

// onChange: called when entries have changed. onDone(entry): its results are on this device.
export function initOutbox(handlers) {
  ({ onChange, onDone } = handlers);
  addEventListener("online", sendNow);
  document.addEventListener("visibilitychange", () => document.hidden || sendNow());
  addEventListener("beforeunload", (event) => unstored.size && event.preventDefault()); // the browser asks first
}

export const isBatch = ({ photos }) => photos.length > 1;
export const isStored = ({ id }) => !unstored.has(id);
export const linkOf = (entry) => `#${isBatch(entry) ? "batch" : "job"}=${entry.link.split("/").pop()}`;

// The oldest first.
export async function allEntries() {
  const stored = await transact("outbox", "readonly", (store) => store.index("at").getAll()).catch(() => []);
  return [...stored.filter(isStored), ...unstored.values()];
}

// Entries of {name, photo} each: one for all; offline one for each, so that none waits for others.
export async function keep(photos) {
  const groups = navigator.onLine ? [photos] : photos.map((photo) => [photo]);
  const now = Date.now();
  const entries = groups.map((group, place) => ({ id: newId(), at: now + place, photos: group, options: jobOptions(), state: "waiting", reason: "" }));
  for (const entry of entries) await add(entry);
  return entries;
}

const add = (entry) => save(entry, (store) => store.add(entry));

// An entry that was removed meanwhile, in another tab perhaps, stays so.
async function update(entry, changes) {
  Object.assign(entry, changes);
  await save(entry, (store) => {
    const found = store.get(entry.id);
    found.onsuccess = () => (found.result || !isStored(entry)) && store.put(entry);
    return found;
  });
}

async function save(entry, write) {
  try {
    await transact("outbox", "readwrite", write);
    unstored.delete(entry.id);
  } catch (error) {
    console.warn("not kept on this device:", error);
    unstored.set(entry.id, entry);
  }
  onChange();
}

export async function remove({ id }) {
  unstored.delete(id);
  await transact("outbox", "readwrite", (store) => store.delete(id)).catch((error) => console.warn("not deleted:", error));
  onChange();
}

// A failed entry waits again, as a new job: what has failed under its id stays so.
export async function retry(entry) {
  await remove(entry);
  await add({ ...entry, id: newId(), at: Date.now(), state: "waiting", reason: "" });
  await sendNow();
}

// Sends an entry and follows it, with report(job or batch), to its end, which is returned. Raises
// RequestError; the entry has then failed, or goes on waiting for better times.
export function deliver(entry, report) {
  return attempt(entry, async () => {
    const sent = await send(entry);
    report(sent);
    return follow(entry, sent, report);
  });
}

const follow = (entry, sent, report = () => {}) => (isBatch(entry) ? followBatch : followJob)(sent, report);

async function attempt(entry, work) {
  underWay.add(entry.id);
  try {
    return await work(entry);
  } catch (error) {
    if (error instanceof RequestError) await update(entry, { reason: error.message, state: error.retryable ? entry.state : "failed" });
    throw error;
  } finally {
    underWay.delete(entry.id);
  }
}

async function send(entry) {
  const { id, photos, options } = entry;
  const sent = await (isBatch(entry) ? postBatch(id, photos, options) : putJob(id, photos[0], options));
  await update(entry, { state: "sent", reason: "", link: sent.links.self });
  return sent;
}

// Takes the results to this device, where they can be seen without a network.
async function collect(entry) {
  const ended = await follow(entry, await requestJson(entry.link));
  const jobs = isBatch(entry) ? ended.items.flatMap(({ job }) => job ?? []) : [ended];
  for (const job of jobs) if (job.result) await loadResult(job);
  if (!isBatch(entry) && !ended.result) return update(entry, { state: "failed", reason: endMessage(ended) });
  const title = isBatch(entry) ? batchMessage(ended) : headline(ended.result);
  await update(entry, { state: "done", reason: "", title, photos: entry.photos.map(({ name }) => ({ name })) });
  await onDone(entry);
}

// Works through the entries of a state, one after the other, and comes again for those that are left.
function worker(state, work) {
  let running = false, runAgain = false, timer, failures = 0;

  const isLeft = (entry) => entry.state === state && !underWay.has(entry.id);

  async function workThrough() {
    const tried = new Set();
    const next = async () => (await allEntries()).find((entry) => isLeft(entry) && !tried.has(entry.id));
    for (let entry = await next(); entry; entry = await next()) {
      tried.add(entry.id);
      try {
        await attempt(entry, work);
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        if (error.retryable && error.status !== 500) return; // neither would the others come through
      }
    }
  }

  async function run() {
    runAgain = running;
    if (running) return;
    running = true;
    await workThrough().finally(() => (running = false));
    return runAgain ? run() : later();
  }

  async function later() {
    clearTimeout(timer);
    if (!(await allEntries()).some(isLeft)) return void (failures = 0);
    persisting ??= navigator.storage?.persist?.(); // the browser then deletes nothing by itself
    const delay = Math.min(FIRST_DELAY * 2 ** failures++, LONGEST_DELAY);
    timer = setTimeout(run, delay * (0.5 + Math.random() / 2) * 1000);
  }

  return { later, now: () => ((failures = 0), clearTimeout(timer), run()) };
}

// Two, so that a long wait for one result does not keep other photos waiting.
const collector = worker("sent", collect);
const sender = worker("waiting", async (entry) => {
  await send(entry);
  collector.now();
});

export function sendNow() {
  collector.now();
  return sender.now();
}

export const sendLater = () => Promise.all([sender.later(), collector.later()]);
