// Puts the page together.

import { $, element } from "./elements.js";
import { load } from "./entry.js";
import { followBatch, followJob, hasEnded } from "./follow.js";
import { mark, showCards, sortBy, sorted } from "./gallery.js";
import { all, find, forget } from "./history.js";
import { askOpinion, listenForOpinions } from "./opinion.js";
import { listen } from "./photos.js";
import { listenForLooks, repaint, setColours, showResult } from "./result.js";
import { Trouble, ask, askJson, explain } from "./server.js";
import { keep, settings } from "./settings.js";
import { MOST, submitMany, submitOne } from "./submit.js";
import { batchWaiting, ending, waiting } from "./words.js";

const tables = new Map();
const classes = new Map();
let items = []; // of the gallery
const table = () => tables.get(settings.colormap) ?? tables.values().next().value;

function say(words = "", progress = null) {
  $("status").textContent = words;
  $("status").hidden = !words;
  $("progress").hidden = progress === null;
  if (progress !== null) $("progress").value = progress;
}

// Runs `work`; what goes wrong is told in words, with a button to run it again.
async function attempt(work) {
  $("trouble").hidden = true;
  try {
    await work();
  } catch (error) {
    say();
    console.warn(error);
    $("trouble").firstElementChild.textContent = error instanceof Trouble ? error.message : `This page failed: ${error.message}`;
    $("trouble").lastElementChild.hidden = !error.retryable;
    $("trouble").lastElementChild.onclick = () => attempt(work);
    $("trouble").hidden = false;
    if (error.needsKey) $("settings").open = true;
  }
}

function onFiles(files) {
  const key = crypto.getRandomValues(new Uint32Array(4)).join("-"); // the same for every attempt
  attempt(() => (files.length === 1 ? explainOne(files[0], key) : explainMany(files, key)));
}

async function explainOne(file, key) {
  hideGallery();
  say("Sending the photo…");
  const job = await submitOne(file, key);
  history.pushState(null, "", `#job=${job.id}`);
  await openWhenDone(job);
}

async function openWhenDone(job) {
  say(waiting(job));
  job = await followJob(job, (now) => say(hasEnded(now) ? "" : waiting(now)));
  say();
  if (!job.result) throw new Trouble(job.error ? explain(job.error) : ending(job));
  await open(job);
}

async function explainMany(files, key) {
  $("result").hidden = true;
  items = [];
  if (files.length > MOST) throw new Trouble(`These are ${files.length} photos; up to ${MOST} can be sent at once.`);
  say(`Sending ${files.length} photos…`);
  const batch = await submitMany(files, key);
  history.pushState(null, "", `#batch=${batch.id}`);
  await watchBatch(batch);
}

async function watchBatch(batch) {
  await followBatch(batch, (now) => {
    say(batchWaiting(now), now.progress);
    const changed = states(now.items) !== states(items);
    items = now.items;
    if (changed) showGallery(); // else what has the keyboard's focus would be gone
  });
  say(batchWaiting(await askJson(batch.links.self)));
  const sheet = await (await ask(batch.links.grid)).blob();
  $("sheet").href = URL.createObjectURL(sheet);
  $("sheet").hidden = false;
  await showHistory();
}

const states = (some) => some.map(({ job }) => job?.state).join();

function hideGallery() {
  items = [];
  $("gallery").hidden = true;
}

function showGallery() {
  $("gallery").hidden = false;
  showCards($("cards"), sorted(items, sortBy()), table(), (job) => attempt(() => open(job)));
}

async function open(job) {
  showResult(await load(job));
  history.replaceState(null, "", `#job=${job.id}`);
  mark(job.id);
  askOpinion(job, classes.get(job.model.id) ?? []);
  await showHistory();
  $("result").focus();
}

async function showHistory() {
  const seen = new Set(items.map(({ job }) => job?.image.sha256));
  const kept = await all().catch(() => []); // a private window may keep nothing
  const past = kept.filter(({ job: { image } }) => !seen.has(image.sha256) && seen.add(image.sha256));
  $("history").hidden = !past.length;
  showCards($("past"), past, table(), (job) => attempt(() => open(job)));
}

async function openLink() {
  const [kind, id] = location.hash.slice(1).split("=");
  if (kind === "batch") return watchBatch(await askJson(`/v1/batches/${encodeURIComponent(id)}`));
  if (kind !== "job") return;
  const kept = await find(id).catch(() => null);
  await openWhenDone(kept?.job ?? (await askJson(`/v1/jobs/${encodeURIComponent(id)}`)));
}

async function readCatalog() {
  const [colormaps, models] = await Promise.all([askJson("/v1/colormaps"), askJson("/v1/models")]);
  for (const { name, table } of colormaps) tables.set(name, table);
  for (const model of models) classes.set(model.id, model.classes);
  const option = (value, words = value) => element("option", { value, textContent: words });
  $("colormap").replaceChildren(...[...tables.keys()].map((name) => option(name)));
  $("model").replaceChildren(...models.map((model) => option(model.id, model.title)));
  if (!classes.has(settings.model)) keep({ model: models[0]?.id ?? "" });
  $("colormap").value = settings.colormap;
  $("model").value = settings.model;
}

async function start() {
  await readCatalog();
  setColours(table());
  await showHistory();
  await openLink();
}

function listenForSettings() {
  $("key").value = settings.key;
  $("original").checked = settings.original;
  $("top-k").value = settings.topK;
  $("opacity").value = settings.opacity;
  $("opacity-value").textContent = `${settings.opacity} %`;
  $("key").onchange = () => (keep({ key: $("key").value.trim() }), attempt(start));
  $("original").onchange = () => keep({ original: $("original").checked });
  $("top-k").onchange = () => keep({ topK: Number($("top-k").value) });
  $("model").onchange = () => keep({ model: $("model").value });
  $("colormap").onchange = () => (keep({ colormap: $("colormap").value }), setColours(table()));
  $("opacity").oninput = () => {
    keep({ opacity: Number($("opacity").value) });
    $("opacity-value").textContent = `${settings.opacity} %`;
    repaint();
  };
}

listenForSettings();
listenForLooks();
listenForOpinions();
listen($("drop"), [$("choose"), $("camera")], onFiles);
$("sort").onchange = showGallery;
$("forget").onclick = () => attempt(async () => (await forget(), await showHistory()));
$("share").onclick = async () => {
  const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
  $("share").textContent = copied ? "Link copied" : "Copy the address of this page";
};
addEventListener("hashchange", () => attempt(openLink));
navigator.serviceWorker?.register("/service-worker.js");
attempt(start);
