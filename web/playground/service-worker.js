// The page without a network: fresh files when there is one, else those of last time. It keeps the
// page and what the server offers; no job, no photo, no key.

const SHELL = "shell";
const CATALOG = ["/v1/colormaps", "/v1/models", "/v1/classes"];

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  const { origin, pathname } = new URL(url);
  const kept = pathname === "/" || pathname.startsWith("/playground/") || CATALOG.includes(pathname);
  if (method === "GET" && origin === location.origin && kept) event.respondWith(freshOrKept(event.request));
});

async function freshOrKept(request) {
  const shell = await caches.open(SHELL);
  try {
    const answer = await fetch(request);
    if (answer.ok) await keep(shell, request.url, answer.clone());
    return answer;
  } catch (offline) {
    const kept = await shell.match(request.url, { ignoreVary: true });
    if (!kept) throw offline;
    return kept;
  }
}

// Under its address alone: the request may carry a key.
async function keep(shell, url, answer) {
  try {
    await shell.put(url, answer);
  } catch (error) {
    console.warn("not kept for later:", error); // no room
  }
}
