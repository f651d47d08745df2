// Following jobs until they have ended: by server-sent events where that works, else by polling.

import { requestJson } from "./api.js";
import { language } from "./language.js";
import { settings } from "./settings.js";

const PENDING = new Set(["queued", "running"]);
export const hasEnded = (job) => !PENDING.has(job.state);

export async function followJob(job, onChange) {
  if (hasEnded(job)) return job;
  if (!settings.key && "EventSource" in window) job = await followEvents(job, onChange); // it cannot send a key
  while (!hasEnded(job)) onChange((job = await requestJson(job.links.self, { headers: { Prefer: "wait=5" } })));
  return job;
}

function followEvents(job, onChange) {
  return new Promise((resolve) => {
    const source = new EventSource(`${job.links.self}/events?lang=${language}`);
    const stop = () => (source.close(), resolve(job));
    source.addEventListener("error", stop); // polling does the rest
    source.addEventListener("job", (event) => {
      onChange((job = JSON.parse(event.data)));
      if (hasEnded(job)) stop();
    });
  });
}

export async function followBatch(batch, onChange) {
  for (onChange(batch); batch.progress < 1; onChange(batch)) {
    batch = await requestJson(batch.links.self, { headers: { Prefer: "wait=1" } });
  }
  return batch;
}
