// Puts the page together.

import { RequestError, request, requestJson } from "./api.js";
import { colourTable, loadCatalog, modelClasses } from "./catalog.js";
import { showConditions } from "./conditions.js";
import { $ } from "./dom.js";
import { initFeedback, resetFeedback } from "./feedback.js";
import { followBatch, followJob, hasEnded } from "./follow.js";
import { markCurrent, selectedSort, showCards, sortItems } from "./gallery.js";
import { allResults, clearResults, findResult } from "./history.js";
import { initLanguage, number, t, translatePage } from "./language.js";
import { batchMessage, endMessage, sendingMessage, waitingMessage } from "./messages.js";
import { keepPage } from "./offline.js";
import { deliver, initOutbox, isBatch, keep, linkOf, remove, sendLater, sendNow } from "./outbox.js";
import { showOutbox } from "./outbox-list.js";
import { listenForPhotos } from "./photos.js";
import { hideResult, initResult, offerExplainAgain, redraw, setColourTable, shownPhoto, showResult } from "./result.js";
import { initSettings } from "./settings.js";
import { runWithErrors, showStatus } from "./status.js";
import { loadResult } from "./stored-result.js";
import { MAX_PHOTOS, preparePhoto } from "./submit.js";

let items = []; // of the gallery
let latest = 0; // number of the user's latest action; only that one may change what is shown
let awaited = {}; // {action, id}: the entry whose result the user waits for since that action
const shownElsewhere = new Set(); // ids of entries that the status tells of

const isAwaiting = () => awaited.action === latest;

function onFiles(files) {
  startSending(files.length, async () => {
    const photos = [];
    for (const file of files) photos.push({ name: file.name, photo: await preparePhoto(file) });
    return photos;
  });
}

function explainAgain() {
  const photo = shownPhoto();
  startSending(1, async () => [{ name: "", photo }]);
}

// Photos are kept on this device before they are sent: none is lost with the network or the page.
function startSending(count, prepare) {
  const action = ++latest;
  awaited = { action };
  hideResult();
  hideGallery();
  showStatus(sendingMessage(count));
  runWithErrors(async () => {
    if (navigator.onLine && count > MAX_PHOTOS) throw new RequestError(t("You chose {count} photos; up to {most} can be sent at once.", { count: number(count), most: MAX_PHOTOS }));
    const entries = await keep(await prepare());
    if (entries.length === 1) return explain(entries[0], action);
    showStatus();
    await sendNow();
  });
}

async function explain(entry, action) {
  if (isAwaiting()) awaited = { action, id: entry.id };
  shownElsewhere.add(entry.id);
  try {
    const ended = await deliver(entry, (now) => action === latest && showSent(entry, now));
    if (action !== latest) return await sendNow(); // its results are collected beside what the user does now
    await (isBatch(entry) ? showEndedBatch(ended, action) : openJob(ended));
    await remove(entry);
  } catch (error) {
    await onFailure(entry, error);
  } finally {
    shownElsewhere.delete(entry.id);
    await refreshOutbox();
  }
}

// What has to wait is told by the list of such photos; what has failed is told, and not kept.
async function onFailure(entry, error) {
  if (!error.retryable) {
    awaited = {};
    if (error instanceof RequestError) await remove(entry);
    throw error;
  }
  showStatus();
  await sendLater();
  if (error.needsKey) throw error;
}

function showSent(entry, now) {
  if (location.hash !== linkOf(entry)) history.pushState(null, "", linkOf(entry));
  if (isBatch(entry)) return showBatch(now);
  showStatus(hasEnded(now) ? "" : waitingMessage(now));
}

const refreshOutbox = () => showOutbox(({ id }) => shownElsewhere.has(id), openEntry);

async function openEntry(entry) {
  history.pushState(null, "", linkOf(entry));
  await openLink();
  await remove(entry); // its results are among the earlier ones
}

async function onDone(entry) {
  await showHistory();
  if (isAwaiting() && awaited.id === entry.id) await runWithErrors(() => openEntry(entry));
}

async function openWhenDone(job, mine) {
  const report = (now) => mine === latest && showStatus(hasEnded(now) ? "" : waitingMessage(now));
  report(job);
  job = await followJob(job, report);
  if (mine === latest) return openJob(job);
  if (job.result) await loadResult(job); // it appears in the history
  await showHistory();
}

async function openBatch(batch, mine) {
  hideResult();
  markCurrent("");
  await showEndedBatch(await followBatch(batch, (now) => mine === latest && showBatch(now)), mine);
}

async function showEndedBatch({ links }, mine) {
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
  const action = latest;
  await refreshOutbox();
  try {
    await loadCatalog();
    setColourTable(colourTable());
    showConditions();
    await showHistory();
    if (action === latest && !isAwaiting()) await openLink();
  } finally {
    runWithErrors(sendNow);
  }
}

function onJobOptions() {
  offerExplainAgain();
  showConditions();
}

translatePage();
initLanguage($("language"));
initSettings({ onKey: () => runWithErrors(start), onColormap: () => setColourTable(colourTable()), onHeat: redraw, onJobOptions });
initResult();
initFeedback();
initOutbox({ onChange: refreshOutbox, onDone });
listenForPhotos($("drop"), [$("choose"), $("camera")], onFiles);
$("again").onclick = explainAgain;
$("sort").onchange = showGallery;
$("forget").onclick = () => runWithErrors(async () => (await clearResults(), await showHistory()));
addEventListener("hashchange", () => runWithErrors(openLink));
keepPage().catch((error) => console.warn("not kept for offline use:", error));
runWithErrors(start);
