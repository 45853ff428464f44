"use strict";
// Keeps on the device what a parcel's page last said, for the page that the service worker shows without network.
(function () {
  const root = document.querySelector("[data-live][data-worker]");
  if (!root || !("serviceWorker" in navigator) || !window.caches) return;
  const KEPT_PAGES = 30;
  const KEPT_FILES = 20;
  const DAY_MS = 86_400_000;
  const textOf = (selector) => document.querySelector(selector)?.textContent.replace(/\s+/g, " ").trim() || "";

  const readAnswer = () => {
    const heading = document.querySelector("#live-content h1").cloneNode(true);
    const parts = [...heading.querySelectorAll(".nb")].map((part) => {
      part.remove();
      return part.textContent.trim();
    });
    const lead = heading.textContent.replace(/\s+/g, " ").trim();
    return { lead, parts, shop: textOf(".top .shop"), order: textOf(".top .order"), seenAt: Date.now() };
  };

  const keepAnswer = async () => {
    const cache = await caches.open("last-seen");
    await cache.delete(location.pathname); // put again, it is the newest
    await cache.put(location.pathname, new Response(JSON.stringify(readAnswer())));
    for (const oldest of (await cache.keys()).slice(0, -KEPT_PAGES)) await cache.delete(oldest);
  };

  // The page for readers without network, in this reader's language and look, with what it links to.
  const keepOfflinePage = async () => {
    const { lang, dataset } = document.documentElement;
    const url = `${root.dataset.offline}?language=${lang}&look=${dataset.theme || "auto"}`;
    const cache = await caches.open("offline");
    const kept = await cache.match(root.dataset.offline);
    const isFresh = kept && Date.now() - Date.parse(kept.headers.get("Date")) < DAY_MS;
    if (isFresh && kept.url.endsWith(url)) return;
    const page = await fetch(url);
    if (!page.ok) throw new Error(`${page.status}`);
    const html = new DOMParser().parseFromString(await page.clone().text(), "text/html");
    const links = [...html.querySelectorAll("link[rel=stylesheet], script[src], header img")];
    const old = await cache.keys();
    await cache.addAll(links.map((link) => link.getAttribute("href") || link.getAttribute("src")));
    for (const request of old.slice(0, -KEPT_FILES)) await cache.delete(request); // of earlier versions of the site
    await cache.put(root.dataset.offline, page);
  };

  addEventListener("load", async () => {
    try {
      await keepAnswer();
      await navigator.serviceWorker.register(root.dataset.worker, { scope: "/" });
      await keepOfflinePage();
    } catch (error) {
      console.warn(error); // a full disk or a private window: the page works without
    }
  });
  document.addEventListener("live:shown", () => keepAnswer().catch(console.warn));
})();
