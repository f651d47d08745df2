// Following jobs until they have ended: by events where that works, else by asking again.

import { askJson } from "./server.js";
import { settings } from "./settings.js";

const WAITING = new Set(["queued", "running"]);
export const hasEnded = (job) => !WAITING.has(job.state);

export async function followJob(job, onChange) {
  if (hasEnded(job)) return job;
  if (!settings.key && "EventSource" in window) job = await byEvents(job, onChange); // it sends no key
  while (!hasEnded(job)) onChange((job = await askJson(job.links.self, { headers: { Prefer: "wait=5" } })));
  return job;
}

function byEvents(job, onChange) {
  return new Promise((resolve) => {
    const source = new EventSource(`${job.links.self}/events`);
    const stop = () => (source.close(), resolve(job));
    source.addEventListener("error", stop); // what is left is asked for
    source.addEventListener("job", (event) => {
      onChange((job = JSON.parse(event.data)));
      if (hasEnded(job)) stop();
    });
  });
}

export async function followBatch(batch, onChange) {
  for (onChange(batch); batch.progress < 1; onChange(batch)) {
    batch = await askJson(batch.links.self, { headers: { Prefer: "wait=1" } });
  }
  return batch;
}
