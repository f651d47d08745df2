// Requests to the server. Whatever goes wrong is a RequestError, whose message is for users.

import { language, t } from "./language.js";
import { problemMessage } from "./messages.js";
import { settings } from "./settings.js";

// retryable: the same request may succeed later. status: of the answer, 0 without one.
export class RequestError extends Error {
  constructor(message, { retryable = false, status = 0 } = {}) {
    super(message);
    Object.assign(this, { retryable, status, needsKey: status === 401 });
  }
}

export async function request(path, options = {}) {
  const key = settings.key ? { "X-API-Key": settings.key } : {};
  const headers = { "Accept-Language": language, ...key, ...options.headers };
  const response = await fetch(path, { ...options, headers }).catch(() => {
    throw new RequestError(t("The server cannot be reached. Is it running, and are you online?"), { retryable: true });
  });
  if (!response.ok) throw await errorOf(response);
  if (response.headers.get("Content-Type")?.startsWith("text/html")) {
    throw new RequestError(t("Something else answers in place of the server. Does the network want you to log in?"), { retryable: true });
  }
  return response;
}

export const requestJson = async (path, options) => (await request(path, options)).json();
export const requestBlob = async (path) => (await request(path)).blob();

// What is no problem document is a proxy's answer: it refuses photos by their size alone.
async function errorOf(response) {
  const { status } = response;
  const problem = await response.json().catch(() => ({}));
  const message = problemMessage({ title: t("The server failed ({status})", { status }), ...problem });
  const retryable = status === 401 || (problem.type ? problem.retryable : status !== 413);
  return new RequestError(message, { retryable, status });
}
