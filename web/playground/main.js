// Puts the page together.

import { models, readCatalog, table } from "./catalog.js";
import { $ } from "./elements.js";
import { load } from "./entry.js";
import { followBatch, followJob, hasEnded } from "./follow.js";
import { mark, showCards, sortBy, sorted } from "./gallery.js";
import { all, find, forget } from "./history.js";
import { askOpinion, listenForOpinions } from "./opinion.js";
import { listen } from "./photos.js";
import { hideResult, listenForLooks, offerAgain, repaint, setColours, shownPhoto, showResult } from "./result.js";
import { Trouble, ask, askJson, explain } from "./server.js";
import { listenForSettings } from "./settings.js";
import { MOST, prepared, submitMany, submitOne } from "./submit.js";
import { attempt, say } from "./telling.js";
import { batchWaiting, ending, waiting } from "./words.js";

let items = []; // of the gallery
let turn = 0; // what was asked for last; only that may change what is shown
let underWay = 0; // how many times photos are
let refused = () => {}; // hands in again what wanted a key

const newKey = () => crypto.getRandomValues(new Uint32Array(4)).join("-"); // the same for every attempt

function onFiles(files) {
  handIn((key) => (files.length === 1 ? explainOne(files[0], key) : explainMany(files, key)));
}

function handIn(send) {
  const key = newKey();
  const work = async () => {
    underWay++;
    try {
      await send(key);
    } catch (error) {
      if (error.needsKey) refused = () => attempt(work);
      throw error;
    } finally {
      underWay--;
    }
  };
  attempt(work);
}

async function explainOne(file, key) {
  hideGallery();
  await explainPhoto(await prepared(file), key);
}

async function explainPhoto(photo, key) {
  hideResult();
  say("Sending the photo…");
  const mine = ++turn;
  const job = await submitOne(photo, key);
  if (mine === turn) history.pushState(null, "", `#job=${job.id}`);
  await openWhenDone(job, mine);
}

function lookAgain() {
  const photo = shownPhoto();
  handIn((key) => explainPhoto(photo, key));
}

async function openWhenDone(job, mine) {
  const tell = (now) => mine === turn && say(hasEnded(now) ? "" : waiting(now));
  tell(job);
  job = await followJob(job, tell);
  if (mine === turn) return open(job);
  if (job.result) await load(job); // it is found among the earlier ones
  await showHistory();
}

async function explainMany(files, key) {
  hideResult();
  hideGallery();
  if (files.length > MOST) throw new Trouble(`These are ${files.length} photos; up to ${MOST} can be sent at once.`);
  say(`Sending ${files.length} photos…`);
  const mine = ++turn;
  const batch = await submitMany(files, key);
  if (mine !== turn) return;
  history.pushState(null, "", `#batch=${batch.id}`);
  await watchBatch(batch, mine);
}

async function watchBatch(batch, mine) {
  hideResult();
  mark("");
  await followBatch(batch, (now) => mine === turn && showBatch(now));
  const { links } = batch;
  const sheet = await (await ask(links.grid)).blob();
  if (mine !== turn) return;
  say(batchWaiting(await askJson(links.self)));
  $("sheet").href = URL.createObjectURL(sheet);
  $("sheet").hidden = false;
  await showHistory();
}

function showBatch(batch) {
  say(batchWaiting(batch), batch.progress);
  const changed = states(batch.items) !== states(items);
  items = batch.items;
  $("gallery").hidden = false;
  if (changed) showGallery(); // else what has the keyboard's focus would be gone
}

const states = (some) => some.map(({ job }) => `${job?.id} ${job?.state}`).join();

function hideGallery() {
  items = [];
  $("gallery").hidden = true;
  $("sheet").hidden = true;
  $("cards").replaceChildren();
}

function showGallery() {
  showCards($("cards"), sorted(items, sortBy()), table(), openCard, sortBy());
}

const openCard = (job) => attempt(() => (++turn, open(job)));

// Raises Trouble for a job that has no result.
async function open(job) {
  say();
  if (!job.result) throw new Trouble(job.error ? explain(job.error) : ending(job));
  const link = `#job=${job.id}`;
  if (location.hash !== link) history.pushState(null, "", link);
  showResult(await load(job));
  mark(job.id);
  askOpinion(job, models.get(job.model.id)?.classes ?? []);
  await showHistory();
  $("result").focus({ preventScroll: true });
  $("result").scrollIntoView();
}

// The newest result of each photo and model that is not in the gallery.
async function showHistory() {
  const what = ({ image, model }) => `${image.sha256} ${model.id}`;
  const seen = new Set(items.flatMap(({ job }) => (job ? [what(job)] : [])));
  const kept = await all().catch(() => []); // a private window may keep nothing
  const past = kept.filter(({ job }) => !seen.has(what(job)) && seen.add(what(job)));
  $("history").hidden = !past.length;
  showCards($("past"), past, table(), openCard);
}

async function openLink() {
  const mine = ++turn;
  hideResult();
  const [kind, id] = location.hash.slice(1).split("=");
  if (kind === "batch") return watchBatch(await askJson(`/v1/batches/${encodeURIComponent(id)}`), mine);
  if (!items.some(({ job }) => job?.id === id)) hideGallery();
  if (kind !== "job") return;
  const kept = await find(id).catch(() => null);
  await openWhenDone(kept?.job ?? (await askJson(`/v1/jobs/${encodeURIComponent(id)}`)), mine);
}

async function start() {
  const mine = turn;
  await readCatalog();
  setColours(table());
  await showHistory();
  if (mine === turn && !underWay) await openLink(); // else a photo was handed in, and is what counts
}

async function onKey() {
  const again = refused;
  refused = () => {};
  await attempt(start);
  await again();
}

listenForSettings({ onKey, onColours: () => setColours(table()), onOpacity: repaint, onAsking: offerAgain });
listenForLooks();
listenForOpinions();
listen($("drop"), [$("choose"), $("camera")], onFiles);
$("again").onclick = lookAgain;
$("sort").onchange = showGallery;
$("forget").onclick = () => attempt(async () => (await forget(), await showHistory()));
addEventListener("hashchange", () => attempt(openLink));
navigator.serviceWorker?.register("/service-worker.js");
attempt(start);
