// The list of photos on their way.

import { $, element } from "./dom.js";
import { t } from "./language.js";
import { DELETE_QUESTION, ENTRY_STATES, entryMessage, entryName, outboxMessage, roomMessage } from "./messages.js";
import { allEntries, isStored, remove, retry, sendNow } from "./outbox.js";
import { fit } from "./size.js";
import { runWithErrors } from "./status.js";

const THUMBNAIL = 96; // pixels of the long side
const LITTLE_ROOM = 20e6; // bytes, for some sixty photos
const shown = new Map(); // by id of an entry: {signature, item}
let showing = Promise.resolve();

// isElsewhere(entry): whether the page tells of it in another place. onOpen(entry): show its results.
export function showOutbox(isElsewhere, onOpen) {
  const show = () => showEntries(isElsewhere, onOpen);
  return (showing = showing.then(show, show)); // one after the other, so that the latest stays
}

async function showEntries(isElsewhere, onOpen) {
  const entries = (await allEntries()).filter((entry) => !isElsewhere(entry));
  $("outbox").hidden = !entries.length;
  await showRoom(entries);
  const message = outboxMessage(entries, entries.every(isStored));
  if ($("outbox-message").textContent !== message) $("outbox-message").textContent = message; // read out only once
  $("send-now").hidden = !entries.some(({ state }) => state === "waiting");
  $("send-now").onclick = () => runWithErrors(sendNow);
  showItems(entries, onOpen);
}

// Those of entries that have not changed stay: keyboard focus and a click that has begun would be lost.
function showItems(entries, onOpen) {
  const ids = new Set(entries.map(({ id }) => id));
  for (const [id, { item }] of shown) if (!ids.has(id)) item.remove(), shown.delete(id);
  entries.forEach((entry, place) => {
    const signature = JSON.stringify([entry.state, entry.reason]), known = shown.get(entry.id);
    if (known?.signature === signature) return;
    const item = entryItem(entry, onOpen);
    if (known) known.item.replaceWith(item);
    else $("entries").insertBefore(item, $("entries").children[place] ?? null);
    shown.set(entry.id, { signature, item });
  });
}

async function showRoom(entries) {
  const { usage = 0, quota = Infinity } = (await navigator.storage?.estimate()) ?? {}; // told on HTTPS and localhost alone
  const left = quota - usage;
  $("room").textContent = roomMessage({ isFull: !entries.every(isStored), left: left < LITTLE_ROOM ? left : null });
}

function entryItem(entry, onOpen) {
  const canvas = element("canvas", { width: 4, height: 3, ariaHidden: "true" });
  drawThumbnail(canvas, entry.photos[0].photo);
  const text = element("div", {},
    element("strong", { textContent: ENTRY_STATES[entry.state] }), ` ${entryMessage(entry)} `,
    element("span", { className: "faint", textContent: entryName(entry) }));
  const buttons = entryButtons(entry, onOpen).map(([name, work]) => {
    const onclick = () => runWithErrors(work);
    return element("button", { type: "button", textContent: name, ariaLabel: `${name}: ${entryName(entry)}`, onclick });
  });
  return element("li", {}, canvas, text, element("div", { className: "buttons" }, ...buttons));
}

function entryButtons(entry, onOpen) {
  const deleting = async () => (entry.state === "done" || confirm(DELETE_QUESTION)) && remove(entry);
  return [
    ...(entry.state === "done" ? [[t("Open"), () => onOpen(entry)]] : []),
    ...(entry.state === "failed" ? [[t("Try again"), () => retry(entry)]] : []),
    ...(entry.state === "sent" ? [] : [[t("Delete"), deleting]]),
  ];
}

async function drawThumbnail(canvas, photo) {
  try {
    const bitmap = await createImageBitmap(photo, { imageOrientation: "from-image" });
    Object.assign(canvas, fit(bitmap, THUMBNAIL));
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
  } catch {
    canvas.hidden = true; // the photo is gone, or of a format that the browser does not show
  }
}
