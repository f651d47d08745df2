// What the page says about results, jobs and errors.

import { language, number, percentText, plural, quantity, t } from "./language.js";

const spaced = (name) => (name ?? "").replaceAll("_", " ");

export function percent(share) {
  if (share > 0.995 && share < 1) return t("over {percent}", { percent: percentText(0.99) });
  return share < 0.005 ? t("under {percent}", { percent: percentText(0.01) }) : percentText(share);
}

// A class name is "crop__disease", or anything else in models of one's own.
export function splitClass(name) {
  const [crop, disease] = (name ?? "").split("__");
  return { crop, disease };
}

const isHealthy = ({ disease }) => /^healthy$/i.test(disease ?? "");

// Crop and disease as people say them; a class of a model of one's own stays as it is named.
export function inWords(prediction) {
  const disease = isHealthy(prediction) ? "healthy" : spaced(prediction.disease);
  const english = `${spaced(prediction.crop)}: ${disease}`;
  const [crop, ...rest] = t(english).split(": ");
  return { crop, disease: rest.join(": ") };
}

export function title(prediction) {
  const { crop, disease } = inWords(prediction);
  if (isHealthy(prediction)) return `${crop}, ${disease}`;
  return disease ? `${crop}: ${disease}` : crop;
}

// The verdicts as models/verdicts/verdict.py has them; a test compares the two. When the server gives
// which one stands in docs/explanation/verdicts.md.
export const VERDICTS = {
  confident: { isReliable: true, isFamiliar: true, advice: "Use it as one opinion." },
  low_margin: { isReliable: false, isFamiliar: true, advice: "This is a guess. Look at the second answer too." },
  unknown: {
    isReliable: false,
    isFamiliar: false,
    advice: "This photo looks like none of {conditions}. Do not use the answer.",
  },
  not_a_leaf: {
    isReliable: false,
    isFamiliar: false,
    advice: "This may not be a leaf: the photo looks like none of {conditions}. Do not use the answer.",
  },
};

const NOT_CALIBRATED = t("Nobody has measured how often this model is right.");

// Results of old workers have no verdict.
const verdictOf = (result) => VERDICTS[result.verdict ?? "confident"];
const isReliable = (result) => verdictOf(result)?.isReliable ?? false;
export const isFamiliar = (result) => verdictOf(result)?.isFamiliar ?? true;

// The name of the likeliest class, as a question where the answer is not reliable.
export function headline(result) {
  const name = title(result.predictions[0]);
  return isReliable(result) ? name : t("{title}?", { title: name });
}

// classes: those that the model knows; undefined where the server no longer has the model.
export function verdictMessage({ model, result }, classes) {
  const confidence = t("Confidence: {percent}.", { percent: percent(result.predictions[0].confidence) });
  const advice = VERDICTS[result.verdict] && t(VERDICTS[result.verdict].advice, { conditions: knownConditions(classes) });
  return [confidence, !isReliable(result) || model.calibration ? advice : NOT_CALIBRATED].filter(Boolean).join(" ");
}

function knownConditions(classes) {
  if (!classes) return t("the conditions that the model knows");
  return plural("the one condition that the model knows", "the {count} conditions that the model knows", classes.length);
}

export const seeConditions = (classes) =>
  plural("See the one condition that the model knows", "See the {count} conditions that the model knows", classes.length);

// About how much of the leaf looks ill, where the server tells it; as cli/explain/row_texts.py says it.
export function affectedMessage({ affected_share: share }) {
  if (share == null) return "";
  if (share < 0.005) return t("Less than {percent} of the leaf looks ill, by its colour.", { percent: percentText(0.01) });
  return t("About {percent} of the leaf looks ill, by its colour.", { percent: percentText(share) });
}

export function regionsMessage(regions) {
  if (!regions.length) return t("(there are none)");
  const values = { percent: percent(regions[0].heat_share) };
  return plural("(one, with {percent} of the heat)", "({count}; {percent} of the heat in the strongest)", regions.length, values);
}

// Also as the server has them: engine/diagnostics.py, WARNINGS.
export const HINTS = {
  uniform: "Try a sharper photo of a single leaf. Until then use the name only, not the heat.",
  scattered: "Try a closer photo of one leaf, in even light.",
  edge: "Take the photo again with the whole leaf inside the picture.",
  background: "Take the photo again in front of a plain background, such as a sheet of paper.",
};

export function hint(diagnostics) {
  const english = HINTS[diagnostics?.warnings?.[0]];
  return english ? t(english) : "";
}

export function waitingMessage(job) {
  if (job.state === "running") return t("The model is working on the photo…");
  const { position, eta_seconds: eta } = job.queue ?? {};
  if (position === undefined) return t("Waiting for the model…");
  const place = position ? plural("{count} photo is ahead of this one", "{count} photos are ahead of this one", position) : t("Next in the queue");
  return eta == null ? t("{place}.", { place }) : t("{place}, about {time} left.", { place, time: duration(eta) });
}

export function batchMessage(batch) {
  const done = Math.round(batch.progress * batch.total);
  const eta = batch.queue?.eta_seconds;
  const place = t("{done} of {total} photos done", { done, total: batch.total });
  return eta == null ? t("{place}.", { place }) : t("{place}, about {time} left.", { place, time: duration(eta) });
}

function duration(seconds) {
  return seconds < 90 ? quantity(Math.max(1, Math.round(seconds)), "second") : quantity(Math.round(seconds / 60), "minute");
}

export const sendingMessage = (count) => (count === 1 ? t("Sending the photo…") : plural("Sending {count} photo…", "Sending {count} photos…", count));

export const ENTRY_STATES = { waiting: t("Waiting."), sent: t("Sent."), done: t("Done."), failed: t("Failed.") };

// What became of photos that were kept on this device.
export function entryMessage({ state, reason, title }) {
  if (state === "done") return title;
  return reason || (state === "sent" ? t("The result is on its way.") : t("It is sent as soon as the server can be reached."));
}

export function entryName({ photos, at }) {
  const time = new Date(at).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
  const name = photos.length === 1 ? photos[0].name || t("Photo") : plural("{count} photo", "{count} photos", photos.length);
  return `${name}, ${time}`;
}

export function outboxMessage(entries, areStored) {
  const waiting = entries.filter(({ state }) => state === "waiting").reduce((sum, { photos }) => sum + photos.length, 0);
  if (!waiting) return "";
  if (!areStored) return plural("{count} photo waits.", "{count} photos wait.", waiting);
  return plural(
    "{count} photo waits on this device, also while this page is closed. Open it when there is a network.",
    "{count} photos wait on this device, also while this page is closed. Open it when there is a network.",
    waiting,
  );
}

// left: bytes, where they are few.
export function roomMessage({ isFull, left }) {
  if (isFull) return t("This device has no room to keep all these photos. Leave this page open until they are sent, or delete earlier results below.");
  return left === null ? "" : t("Little room is left for photos on this device: {megabytes} MB.", { megabytes: number(Math.round(left / 1e5) / 10) });
}

export const DELETE_QUESTION = t("Delete this photo from this device? The server has no result for it.");

// Why a job that has ended has no result.
export function endMessage(job) {
  if (job.error) return problemMessage(job.error);
  const ends = { canceled: t("This job was canceled."), expired: t("This job expired before the model could start it.") };
  return ends[job.state] ?? t("This job failed.");
}

// A problem of the server in words for users; the server's own sentence in brackets where it adds
// what was given and what is allowed.
export function problemMessage({ type, title, detail }) {
  const kind = type?.split("/").pop();
  const message = PROBLEMS[kind] ?? t("{place}.", { place: title });
  return detail && !COMPLETE.has(kind) ? `${message} (${detail})` : message;
}

const TOO_LARGE = t("The photo is too large. If Settings say to send photos at full size, turn that off.");
const PROBLEMS = {
  "wrong-key": t("This server needs an API key. Enter it under Settings."),
  "photo-too-large": TOO_LARGE,
  "too-many-pixels": TOO_LARGE,
  "photo-too-complex": t("This photo would take too long to read. Save it again as a JPEG and send that."),
  "unsupported-format": t("This file is not a photo that the server can read."),
  "undecodable-photo": t("The photo is damaged or incomplete. Take or choose it again."),
  "queue-full": t("Too many photos are waiting. Try again in a minute."),
  "store-down": t("The server is not ready. Try again in a moment."),
  "job-not-found": t("This result does not exist, or it belongs to somebody else."),
  "job-gone": t("This result has expired and was deleted."),
};

const COMPLETE = new Set(["wrong-key", "store-down", "job-not-found", "job-gone"]);
