// Lets the live page work offline, once it has answered.  It keeps that page, what the page loads, and the engine;
// every other request goes to the network as if this script were not there.
//
// A file of the engine has a digest of its content in its name and is taken from what is kept; anything else is taken
// from the network, and from what is kept only where there is none.  What a newer build no longer names is deleted.

const scope = self.registration.scope;
const NAME = `gradproof-live ${scope}`; // caches are shared by all that an origin serves, such as other versions
const UNCHANGING = /^live\/(base|engine)-[0-9a-f]{16}[./]/;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => event.waitUntil(keep(event.data.keep)));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(scope)) return;
  const name = request.url.slice(scope.length);
  if (UNCHANGING.test(name)) event.respondWith(first(event));
  else if (request.mode === "navigate" || request.destination || name === "live/manifest.json") event.respondWith(fresh(event));
});

/** What is kept, or else the network's, which is kept from then on. */
async function first(event) {
  const cache = await caches.open(NAME);
  const kept = await cache.match(event.request.url);
  if (kept) return kept;
  const response = await fetch(event.request);
  if (response.ok) event.waitUntil(cache.put(event.request.url, response.clone()));
  return response;
}

/** The network's, or else what is kept; a kept copy is replaced by what arrives.  A page is asked for anew each time. */
async function fresh(event) {
  const cache = await caches.open(NAME);
  const kept = await cache.match(event.request.url, { ignoreSearch: true });
  try {
    const response = await fetch(event.request, event.request.mode === "navigate" ? { cache: "no-cache" } : {});
    if (kept && response.ok) event.waitUntil(cache.put(event.request.url, response.clone()));
    return response;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

/** Keep these addresses, and no others. */
async function keep(addresses) {
  const cache = await caches.open(NAME);
  const kept = new Set((await cache.keys()).map((request) => request.url));
  await Promise.all([...kept].filter((address) => !addresses.includes(address)).map((address) => cache.delete(address)));
  await Promise.all(addresses.filter((address) => !kept.has(address)).map((address) => cache.add(address)));
}
