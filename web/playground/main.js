// Puts the page together.

import { RequestError, request, requestJson } from "./api.js";
import { colourTable, loadCatalog, modelClasses } from "./catalog.js";
import { showConditions } from "./conditions.js";
import { $ } from "./dom.js";
import { initFeedback, resetFeedback } from "./feedback.js";
import { followBatch, followJob, hasEnded } from "./follow.js";
import { markCurrent, selectedSort, showCards, sortItems } from "./gallery.js";
import { allResults, clearResults, findResult } from "./history.js";
import { batchMessage, endMessage, waitingMessage } from "./messages.js";
import { listenForPhotos } from "./photos.js";
import { hideResult, initResult, offerExplainAgain, redraw, setColourTable, shownPhoto, showResult } from "./result.js";
import { initSettings } from "./settings.js";
import { runWithErrors, showStatus } from "./status.js";
import { loadResult } from "./stored-result.js";
import { MAX_PHOTOS, preparePhoto, submitBatch, submitPhoto } from "./submit.js";

let items = []; // of the gallery
let latest = 0; // number of the user's latest action; only that one may change what is shown
let submitting = 0; // how many submissions are under way
let retryWithKey = () => {}; // the submission that was refused for want of an API key

const newIdempotencyKey = () => crypto.getRandomValues(new Uint32Array(4)).join("-");

function onFiles(files) {
  submit((key) => (files.length === 1 ? explainFile(files[0], key) : explainFiles(files, key)));
}

// All attempts share one idempotency key.
function submit(send) {
  const key = newIdempotencyKey();
  const work = async () => {
    submitting++;
    try {
      await send(key);
    } catch (error) {
      if (error.needsKey) retryWithKey = () => runWithErrors(work);
      throw error;
    } finally {
      submitting--;
    }
  };
  runWithErrors(work);
}

async function explainFile(file, key) {
  hideGallery();
  await explainPhoto(await preparePhoto(file), key);
}

async function explainPhoto(photo, key) {
  hideResult();
  showStatus("Sending the photo…");
  const mine = ++latest;
  const job = await submitPhoto(photo, key);
  if (mine === latest) history.pushState(null, "", `#job=${job.id}`);
  await openWhenDone(job, mine);
}

function explainAgain() {
  const photo = shownPhoto();
  submit((key) => explainPhoto(photo, key));
}

async function openWhenDone(job, mine) {
  const report = (now) => mine === latest && showStatus(hasEnded(now) ? "" : waitingMessage(now));
  report(job);
  job = await followJob(job, report);
  if (mine === latest) return openJob(job);
  if (job.result) await loadResult(job); // it appears in the history
  await showHistory();
}

async function explainFiles(files, key) {
  hideResult();
  hideGallery();
  if (files.length > MAX_PHOTOS) throw new RequestError(`You chose ${files.length} photos; up to ${MAX_PHOTOS} can be sent at once.`);
  showStatus(`Sending ${files.length} photos…`);
  const mine = ++latest;
  const batch = await submitBatch(files, key);
  if (mine !== latest) return;
  history.pushState(null, "", `#batch=${batch.id}`);
  await openBatch(batch, mine);
}

async function openBatch(batch, mine) {
  hideResult();
  markCurrent("");
  await followBatch(batch, (now) => mine === latest && showBatch(now));
  const { links } = batch;
  const sheet = await (await request(links.grid)).blob();
  if (mine !== latest) return;
  showStatus(batchMessage(await requestJson(links.self)));
  $("sheet").href = URL.createObjectURL(sheet);
  $("sheet").hidden = false;
  await showHistory();
}

function showBatch(batch) {
  showStatus(batchMessage(batch), batch.progress);
  const changed = states(batch.items) !== states(items);
  items = batch.items;
  $("gallery").hidden = false;
  if (changed) showGallery(); // otherwise keyboard focus would be lost
}

const states = (some) => some.map(({ job }) => `${job?.id} ${job?.state}`).join();

function hideGallery() {
  items = [];
  $("gallery").hidden = true;
  $("sheet").hidden = true;
  $("cards").replaceChildren();
}

function showGallery() {
  showCards($("cards"), sortItems(items, selectedSort()), colourTable(), openCard, selectedSort());
}

const openCard = (job) => runWithErrors(() => (++latest, openJob(job)));

// Raises RequestError for a job that has no result.
async function openJob(job) {
  showStatus();
  if (!job.result) throw new RequestError(endMessage(job));
  const link = `#job=${job.id}`;
  if (location.hash !== link) history.pushState(null, "", link);
  showResult(await loadResult(job));
  markCurrent(job.id);
  resetFeedback(job, modelClasses(job.model.id));
  await showHistory();
  $("result").focus({ preventScroll: true });
  $("result").scrollIntoView();
}

// The newest result of each photo and model that is not in the gallery.
async function showHistory() {
  const subject = ({ image, model }) => `${image.sha256} ${model.id}`;
  const seen = new Set(items.flatMap(({ job }) => (job ? [subject(job)] : [])));
  const saved = await allResults().catch(() => []); // a private window may save nothing
  const past = saved.filter(({ job }) => !seen.has(subject(job)) && seen.add(subject(job)));
  $("history").hidden = !past.length;
  showCards($("past"), past, colourTable(), openCard);
}

async function openLink() {
  const mine = ++latest;
  hideResult();
  const [kind, id] = location.hash.slice(1).split("=");
  if (kind === "batch") return openBatch(await requestJson(`/v1/batches/${encodeURIComponent(id)}`), mine);
  if (!items.some(({ job }) => job?.id === id)) hideGallery();
  if (kind !== "job") return;
  const saved = await findResult(id).catch(() => null);
  await openWhenDone(saved?.job ?? (await requestJson(`/v1/jobs/${encodeURIComponent(id)}`)), mine);
}

async function start() {
  const mine = latest;
  await loadCatalog();
  setColourTable(colourTable());
  showConditions();
  await showHistory();
  if (mine === latest && !submitting) await openLink(); // a photo that was submitted meanwhile goes first
}

async function onKey() {
  const retry = retryWithKey;
  retryWithKey = () => {};
  await runWithErrors(start);
  await retry();
}

function onJobOptions() {
  offerExplainAgain();
  showConditions();
}

initSettings({ onKey, onColormap: () => setColourTable(colourTable()), onHeat: redraw, onJobOptions });
initResult();
initFeedback();
listenForPhotos($("drop"), [$("choose"), $("camera")], onFiles);
$("again").onclick = explainAgain;
$("sort").onchange = showGallery;
$("forget").onclick = () => runWithErrors(async () => (await clearResults(), await showHistory()));
addEventListener("hashchange", () => runWithErrors(openLink));
navigator.serviceWorker?.register("/service-worker.js");
runWithErrors(start);
