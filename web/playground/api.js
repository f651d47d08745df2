// Requests to the server. Whatever goes wrong is a RequestError, whose message is for users.

import { problemMessage } from "./messages.js";
import { settings } from "./settings.js";

export class RequestError extends Error {
  constructor(message, retryable = false, needsKey = false) {
    super(message);
    Object.assign(this, { retryable, needsKey });
  }
}

export async function request(path, options = {}) {
  const key = settings.key ? { "X-API-Key": settings.key } : {};
  const response = await fetch(path, { ...options, headers: { ...key, ...options.headers } }).catch(() => {
    throw new RequestError("The server cannot be reached. Is it running, and are you online?", true);
  });
  if (!response.ok) throw await errorOf(response);
  return response;
}

export const requestJson = async (path, options) => (await request(path, options)).json();
export const requestBlob = async (path) => (await request(path)).blob();

async function errorOf(response) {
  const problem = await response.json().catch(() => ({}));
  const message = problemMessage({ title: `The server failed (${response.status})`, ...problem });
  const needsKey = response.status === 401;
  return new RequestError(message, problem.retryable || needsKey, needsKey);
}
