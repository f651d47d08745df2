// Results in plain words.

const spaced = (name) => (name ?? "").replaceAll("_", " ");

export function percent(share) {
  if (share > 0.995 && share < 1) return "over 99\u00a0%";
  return share < 0.005 ? "under 1\u00a0%" : `${Math.round(share * 100)}\u00a0%`;
}

export function title(prediction) {
  const disease = spaced(prediction.disease);
  const crop = spaced(prediction.crop);
  if (/^healthy$/i.test(disease)) return `${crop}, healthy`;
  return disease ? `${crop}: ${disease}` : crop;
}

const VERDICTS = {
  confident: "The model is confident.",
  low_margin: "Two answers are close: take this as a guess, and look at the second one too.",
  not_a_leaf: "This does not look like a leaf that the model knows. Do not rely on the answer.",
  unknown: "Nothing that the model knows fits this photo well. Do not rely on the answer.",
};

const UNMEASURED = "How far this model's figures may be trusted was never measured.";

// The name of the likeliest class, as a question where the model had better not be relied on.
export function headline(result) {
  const doubtful = (result.verdict ?? "confident") !== "confident";
  return title(result.predictions[0]) + (doubtful ? "?" : "");
}

export function verdict({ model, result }) {
  const sure = `${percent(result.predictions[0].confidence)} sure.`;
  const words = result.verdict === "confident" && !model.calibration ? UNMEASURED : VERDICTS[result.verdict];
  return [sure[0].toUpperCase() + sure.slice(1), words].filter(Boolean).join(" ");
}

const HINTS = {
  uniform: "Try a sharper photo of a single leaf. Until then go by the name alone, not by the heat.",
  scattered: "Try a closer photo of one leaf, with even light.",
  edge: "Take the photo again with the whole leaf inside the picture.",
  background: "Take the photo again before a plain background, such as a sheet of paper.",
};

export const hint = (diagnostics) => HINTS[diagnostics?.warnings?.[0]] ?? "";

export function waiting(job) {
  if (job.state === "running") return "The model is looking at the photo…";
  const { position, eta_seconds: eta } = job.queue ?? {};
  if (position === undefined) return "Waiting for the model…";
  const before = position === 0 ? "Next in line" : `${position} ${position === 1 ? "photo is" : "photos are"} before this one`;
  return eta == null ? `${before}.` : `${before}, about ${duration(eta)} to go.`;
}

export function batchWaiting(batch) {
  const done = Math.round(batch.progress * batch.total);
  const eta = batch.queue?.eta_seconds;
  return `${done} of ${batch.total} photos done${eta == null ? "" : `, about ${duration(eta)} to go`}.`;
}

const duration = (seconds) =>
  seconds < 1.5 ? "a second" : seconds < 90 ? `${Math.round(seconds)} seconds` : `${Math.round(seconds / 60)} minutes`;

export function ending(job) {
  return { canceled: "It was canceled.", expired: "Its time was over before it began." }[job.state] ?? "It failed.";
}
