// Keeps the counter page's own files, which hold nothing of a shop, so that it opens without a line.

const SHELL = "counter-{{ version }}";
const FILES = {{ files | safe }};
const PAGE = "{{ prefix }}";

self.addEventListener("install", (event) => {
  const fresh = FILES.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(caches.open(SHELL).then((kept) => kept.addAll(fresh)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("counter-") && name !== SHELL;
  event.waitUntil(caches.keys()
    .then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
    .then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { pathname, search } = new URL(event.request.url);
  if (event.request.method !== "GET" || !FILES.includes(pathname)) return;
  event.respondWith(pathname === PAGE && search ? chosen(event.request) : kept(pathname, event.request));
});

async function kept(pathname, request) {
  return (await (await caches.open(SHELL)).match(pathname)) ?? fetch(request);
}

// A language was chosen: the page that comes is the one that is kept from now on.
async function chosen(request) {
  try {
    const page = await fetch(request);
    if (page.ok) await (await caches.open(SHELL)).put(PAGE, page.clone());
    return page;
  } catch {
    return kept(PAGE, request);
  }
}
