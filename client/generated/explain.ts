// Explain leaf.jpg by openapi-fetch: `node explain.ts ADDRESS`.
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.d.ts";

// Without an Accept that asks for pictures, answers are JSON.
const client = createClient<paths, `application/${string}`>({ baseUrl: process.argv[2] });
const photo = new Blob([readFileSync("leaf.jpg")], { type: "image/jpeg" });
const { data, error } = await client.POST("/v1/jobs", {
  params: { query: { top_k: 2, colormap: "viridis" }, header: { Prefer: "wait=25" } },
  headers: { "Content-Type": "image/jpeg" },
  body: photo as unknown as string,
  bodySerializer: (body) => body as unknown as Blob,
});
if (error) throw new Error(`${error.title}: ${error.detail}`);
const job: components["schemas"]["Job"] = data;
const overlay = await client.GET("/v1/jobs/{job_id}/overlay", {
  params: { path: { job_id: job.id } },
  parseAs: "arrayBuffer",
});
const picture = overlay.data as unknown as ArrayBuffer;
if (new Uint8Array(picture)[0] !== 0xff) throw new Error("no JPEG");
console.log(JSON.stringify({ id: job.id, state: job.state }));
