{# Needs: site_name, icon. The one script that runs while no page is open: it shows pushes and nothing else, and keeps no page. #}"use strict";
const SITE = "{{ site_name|escapejs }}";
const ICON = "{{ icon|escapejs }}";

// Left here by push.js: where to say that this browser's subscription is a new one.
const recall = async () => (await (await caches.open("push")).match("/push"))?.json();

// Only the path counts: a click leads to this site, whatever name it was told under.
const pathOf = (address) => {
  const { pathname, search, hash } = new URL(address || "/", self.location.origin);
  return pathname + search + hash;
};

const show = (told) =>
  self.registration.showNotification(told.title || SITE, {
    body: told.body || "",
    lang: told.lang || "",
    dir: told.dir || "auto",
    tag: told.tag || "",
    renotify: Boolean(told.loud && told.tag),
    icon: ICON,
    data: { path: pathOf(told.url) },
  });

const visit = async (path) => {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = pages.find((page) => pathOf(page.url) === path);
  return open ? open.focus() : self.clients.openWindow(path);
};

const renew = async (event) => {
  const kept = await recall();
  if (!kept) return;
  const wish = { userVisibleOnly: true, applicationServerKey: kept.key };
  const subscription = event.newSubscription || (await self.registration.pushManager.subscribe(wish));
  await fetch(kept.address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": kept.token },
    body: JSON.stringify({ wanted: true, subscription, instead: event.oldSubscription?.endpoint || "" }),
  });
};

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("push", (event) => event.waitUntil(show(event.data ? event.data.json() : {})));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(visit(event.notification.data.path));
});
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));
