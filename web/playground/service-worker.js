// The page without a network: fresh files when there is one, else those of last time. It keeps the
// page and what the server offers; no job, no photo, no key.

const SHELL = "shell";
const CATALOG = ["/v1/colormaps", "/v1/models", "/v1/classes"];

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
// A page that was loading just then, or was loaded past the cache, asks to be claimed.
addEventListener("message", (event) => event.waitUntil(clients.claim()));

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
    if (answer.ok) await keep(shell, nameOf(request), answer.clone());
    return answer;
  } catch (offline) {
    const kept = await shell.match(nameOf(request), { ignoreVary: true });
    if (!kept) throw offline;
    return kept;
  }
}

// The models are kept in the language of last time: without them the page could do nothing.
function nameOf({ url }) {
  const { pathname, search } = new URL(url);
  return pathname === "/v1/models" ? pathname : pathname + search;
}

// Under its address alone: the request may carry a key.
async function keep(shell, url, answer) {
  try {
    await shell.put(url, answer);
  } catch (error) {
    console.warn("not kept for later:", error); // no room
  }
}
