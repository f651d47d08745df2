// The page without a network: fresh files when there is one, else those of last time.

const SHELL = "shell";

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  const { origin, pathname } = new URL(url);
  const kept = pathname === "/" || pathname.startsWith("/playground/") || ["/v1/colormaps", "/v1/models", "/v1/classes"].includes(pathname);
  if (method === "GET" && origin === location.origin && kept) event.respondWith(freshOrKept(event.request));
});

async function freshOrKept(request) {
  const shell = await caches.open(SHELL);
  try {
    const answer = await fetch(request);
    if (answer.ok) await shell.put(request, answer.clone());
    return answer;
  } catch (offline) {
    const kept = await shell.match(request);
    if (!kept) throw offline;
    return kept;
  }
}
