{# Needs: site_name, icon. Runs while no page is open: it shows push notices and caches no pages. #}"use strict";
const SITE = "{{ site_name|escapejs }}";
const ICON = "{{ icon|escapejs }}";

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

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("push", (event) => event.waitUntil(showNotification(event.data ? event.data.json() : {})));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openPage(event.notification.data.path));
});
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renewSubscription(event)));
