// What the page says about results, jobs and errors.

const spaced = (name) => (name ?? "").replaceAll("_", " ");

export function percent(share) {
  if (share > 0.995 && share < 1) return "over 99\u00a0%";
  return share < 0.005 ? "under 1\u00a0%" : `${Math.round(share * 100)}\u00a0%`;
}

// A class name is "crop__disease", or anything else in models of one's own.
export function splitClass(name) {
  const [crop, disease] = (name ?? "").split("__");
  return { crop, disease };
}

export const diseaseName = ({ disease }) => (/^healthy$/i.test(spaced(disease)) ? "healthy" : spaced(disease));

export function title(prediction) {
  const crop = spaced(prediction.crop);
  const disease = diseaseName(prediction);
  if (disease === "healthy") return `${crop}, healthy`;
  return disease ? `${crop}: ${disease}` : crop;
}

// The verdicts as models/verdict.py has them; a test compares the two. When the server gives which
// one stands in docs/explanation/verdicts.md.
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

const NOT_CALIBRATED = "Nobody has measured how often this model is right.";

// Results of old workers have no verdict.
const verdictOf = (result) => VERDICTS[result.verdict ?? "confident"];
const isReliable = (result) => verdictOf(result)?.isReliable ?? false;
export const isFamiliar = (result) => verdictOf(result)?.isFamiliar ?? true;

// The name of the likeliest class, as a question where the answer is not reliable.
export const headline = (result) => title(result.predictions[0]) + (isReliable(result) ? "" : "?");

// classes: those that the model knows; undefined where the server no longer has the model.
export function verdictMessage({ model, result }, classes) {
  const confidence = `Confidence: ${percent(result.predictions[0].confidence)}.`;
  const advice = VERDICTS[result.verdict]?.advice.replace("{conditions}", knownConditions(classes));
  return [confidence, !isReliable(result) || model.calibration ? advice : NOT_CALIBRATED].filter(Boolean).join(" ");
}

export function knownConditions(classes) {
  return classes ? `the ${classes.length} conditions that the model knows` : "the conditions that the model knows";
}

// About how much of the leaf looks ill, where the server tells it; as cli/explain/tables.py says it.
export function affectedMessage({ affected_share: share }) {
  if (share == null) return "";
  const percents = share < 0.005 ? "Less than 1\u00a0%" : `About ${Math.round(share * 100)}\u00a0%`;
  return `${percents} of the leaf looks ill, by its colour.`;
}

export function regionsMessage(regions) {
  if (!regions.length) return "(there are none)";
  const share = percent(regions[0].heat_share);
  return regions.length === 1 ? `(one, with ${share} of the heat)` : `(${regions.length}; ${share} of the heat in the strongest)`;
}

// Also as the server has them: engine/diagnostics.py, WARNINGS.
export const HINTS = {
  uniform: "Try a sharper photo of a single leaf. Until then use the name only, not the heat.",
  scattered: "Try a closer photo of one leaf, in even light.",
  edge: "Take the photo again with the whole leaf inside the picture.",
  background: "Take the photo again in front of a plain background, such as a sheet of paper.",
};

export const hint = (diagnostics) => HINTS[diagnostics?.warnings?.[0]] ?? "";

export function waitingMessage(job) {
  if (job.state === "running") return "The model is working on the photo…";
  const { position, eta_seconds: eta } = job.queue ?? {};
  if (position === undefined) return "Waiting for the model…";
  const place = position === 0 ? "Next in the queue" : `${position} ${position === 1 ? "photo is" : "photos are"} ahead of this one`;
  return eta == null ? `${place}.` : `${place}, about ${duration(eta)} left.`;
}

export function batchMessage(batch) {
  const done = Math.round(batch.progress * batch.total);
  const eta = batch.queue?.eta_seconds;
  return `${done} of ${batch.total} photos done${eta == null ? "" : `, about ${duration(eta)} left`}.`;
}

function duration(seconds) {
  if (seconds < 1.5) return "1 second";
  return seconds < 90 ? `${Math.round(seconds)} seconds` : `${Math.round(seconds / 60)} minutes`;
}

const photosText = (count) => (count === 1 ? "1 photo" : `${count} photos`);

export const sendingMessage = (count) => (count === 1 ? "Sending the photo…" : `Sending ${count} photos…`);

export const ENTRY_STATES = { waiting: "Waiting.", sent: "Sent.", done: "Done.", failed: "Failed." };

// What became of photos that were kept on this device.
export function entryMessage({ state, reason, title }) {
  if (state === "done") return title;
  return reason || (state === "sent" ? "The result is on its way." : "It is sent as soon as the server can be reached.");
}

export function entryName({ photos, at }) {
  const time = new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  return `${photos.length === 1 ? photos[0].name || "Photo" : photosText(photos.length)}, ${time}`;
}

export function outboxMessage(entries, areStored) {
  const waiting = entries.filter(({ state }) => state === "waiting").reduce((sum, { photos }) => sum + photos.length, 0);
  if (!waiting) return "";
  const wait = `${photosText(waiting)} ${waiting === 1 ? "waits" : "wait"}`;
  return areStored ? `${wait} on this device, also while this page is closed. Open it when there is a network.` : `${wait}.`;
}

// left: bytes, where they are few.
export function roomMessage({ isFull, left }) {
  if (isFull) return "This device has no room to keep all these photos. Leave this page open until they are sent, or delete earlier results below.";
  return left === null ? "" : `Little room is left for photos on this device: ${(left / 1e6).toFixed(1)} MB.`;
}

export const DELETE_QUESTION = "Delete this photo from this device? The server has no result for it.";

// Why a job that has ended has no result.
export function endMessage(job) {
  if (job.error) return problemMessage(job.error);
  const ends = { canceled: "This job was canceled.", expired: "This job expired before the model could start it." };
  return ends[job.state] ?? "This job failed.";
}

// A problem of the server in words for users; the server's own sentence in brackets where it adds
// what was given and what is allowed.
export function problemMessage({ type, title, detail }) {
  const kind = type?.split("/").pop();
  const message = PROBLEMS[kind] ?? `${title}.`;
  return detail && !COMPLETE.has(kind) ? `${message} (${detail})` : message;
}

const TOO_LARGE = "The photo is too large. If Settings say to send photos at full size, turn that off.";
const PROBLEMS = {
  "wrong-key": "This server needs an API key. Enter it under Settings.",
  "photo-too-large": TOO_LARGE,
  "too-many-pixels": TOO_LARGE,
  "photo-too-complex": "This photo would take too long to read. Save it again as a JPEG and send that.",
  "unsupported-format": "This file is not a photo that the server can read.",
  "undecodable-photo": "The photo is damaged or incomplete. Take or choose it again.",
  "queue-full": "Too many photos are waiting. Try again in a minute.",
  "store-down": "The server is not ready. Try again in a moment.",
  "job-not-found": "This result does not exist, or it belongs to somebody else.",
  "job-gone": "This result has expired and was deleted.",
};

const COMPLETE = new Set(["wrong-key", "store-down", "job-not-found", "job-gone"]);
