{# Needs: site_name, icon, offline (a path), static (a path). Shows push notices, and without network what a page last said. #}"use strict";
const SITE = "{{ site_name|escapejs }}";
const ICON = "{{ icon|escapejs }}";
const OFFLINE = "{{ offline|escapejs }}";
const STATIC = "{{ static|escapejs }}";

// Stored by push.js: where to report that this browser's subscription has changed.
const readStoredReader = async () => (await (await caches.open("push")).match("/push"))?.json();

// Only the path is used: a click always leads to this site, whatever host the notice names.
const pathOf = (address) => {
  const { pathname, search, hash } = new URL(address || "/", self.location.origin);
  return pathname + search + hash;
};

const showNotification = (message) =>
  self.registration.showNotification(message.title || SITE, {
    body: message.body || "",
    lang: message.lang || "",
    dir: message.dir || "auto",
    tag: message.tag || "",
    renotify: Boolean(message.renotify && message.tag),
    icon: ICON,
    data: { path: pathOf(message.url) },
  });

const openPage = async (path) => {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = pages.find((page) => pathOf(page.url) === path);
  return open ? open.focus() : self.clients.openWindow(path);
};

const renewSubscription = async (event) => {
  const stored = await readStoredReader();
  if (!stored) return;
  const options = { userVisibleOnly: true, applicationServerKey: stored.key };
  const subscription = event.newSubscription || (await self.registration.pushManager.subscribe(options));
  await fetch(stored.address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": stored.token },
    body: JSON.stringify({ enabled: true, subscription, replaces: event.oldSubscription?.endpoint || "" }),
  });
};

// Pages themselves are never kept: they are private, and what they say changes.
const loadOrFallBack = async (request, fallback) => {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await (await caches.open("offline")).match(fallback);
    if (!kept) throw error;
    return kept;
  }
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate" && /^\/(parcels|orders)\/[^/]+\/$/.test(pathname))
    event.respondWith(loadOrFallBack(request, OFFLINE));
  else if (pathname.startsWith(STATIC) && request.mode !== "navigate")
    event.respondWith(loadOrFallBack(request, request));
});

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("push", (event) => event.waitUntil(showNotification(event.data ? event.data.json() : {})));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openPage(event.notification.data.path));
});
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renewSubscription(event)));
