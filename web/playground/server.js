// Asking the server. Whatever goes wrong is a Trouble, in words for people.

import { settings } from "./settings.js";

export class Trouble extends Error {
  constructor(words, retryable = false, needsKey = false) {
    super(words);
    Object.assign(this, { retryable, needsKey });
  }
}

export async function ask(path, options = {}) {
  const key = settings.key ? { "X-API-Key": settings.key } : {};
  const answer = await fetch(path, { ...options, headers: { ...key, ...options.headers } }).catch(() => {
    throw new Trouble("The server cannot be reached. Is it running, and are you online?", true);
  });
  if (!answer.ok) throw await trouble(answer);
  return answer;
}

export const askJson = async (path, options) => (await ask(path, options)).json();
export const askBlob = async (path) => (await ask(path)).blob();

async function trouble(answer) {
  const problem = await answer.json().catch(() => ({}));
  const needsKey = answer.status === 401;
  return new Trouble(explain({ title: `The server failed (${answer.status})`, ...problem }), problem.retryable || needsKey, needsKey);
}

// A problem document in words; its own sentence in brackets where that says what is allowed.
export function explain({ type, title, detail }) {
  const kind = type?.split("/").pop();
  const words = WORDS[kind] ?? `${title}.`;
  return detail && !ENOUGH.has(kind) ? `${words} (${detail})` : words;
}

const WORDS = {
  "wrong-key": "This server wants an API key. Enter it under Settings.",
  "photo-too-large": "The photo is too large. Untick full size under Settings.",
  "too-many-pixels": "The photo is too large. Untick full size under Settings.",
  "photo-too-complex": "This photo would take too long to read. Save it anew as a JPEG.",
  "unsupported-format": "This is no photo that can be read here.",
  "undecodable-photo": "The photo is damaged or incomplete. Take or choose it again.",
  "queue-full": "Too many photos are waiting. Try again in a minute.",
  "store-down": "The server is not ready. Try again in a moment.",
  "job-not-found": "There is no such result, or it is not yours.",
  "job-gone": "This result has expired and is erased.",
};

const ENOUGH = new Set(["wrong-key", "undecodable-photo", "store-down", "job-not-found", "job-gone"]);
