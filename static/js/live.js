"use strict";
// Follows a page's stream, and fetches and shows what has changed. Without it a reload shows the same.
(function () {
  const root = document.querySelector("[data-live]");
  if (!root) return;
  const SHORTEST_WAIT_MS = 1000;
  const LONGEST_WAIT_MS = 60_000;
  const SETTLE_MS = 200; // several changes at once are fetched once
  const TICK_MS = 20_000;
  const SLEEP_MS = 180_000; // browsers slow the timers of background tabs to one a minute, not to one in three

  const mark = "\u25cf ";
  const announcement = document.getElementById("announcement");
  const icon = document.querySelector("link[rel=icon]");
  const plainIcon = icon.href;

  // The server's clock, never later than it is: what it published since the last fetch is asked for by this time.
  const startedAt = Date.now();
  const serverTime = () => Number(root.dataset.since) + Date.now() - startedAt;
  let fetchedAt = serverTime();

  let source = null;
  let failures = 0;
  let openedAt = 0;
  let connectTimer = 0;
  let fetchTimer = 0;
  let isFetching = false;
  let hasEnded = false;
  const changed = new Set();

  // Thousands of pages that lose a server together come back spread over time.
  const waitMs = () => {
    const longest = Math.min(LONGEST_WAIT_MS, SHORTEST_WAIT_MS * 2 ** failures);
    failures += 1;
    return longest / 2 + (Math.random() * longest) / 2;
  };

  const disconnect = () => {
    clearTimeout(connectTimer);
    source?.close();
    source = null;
  };

  const connect = () => {
    disconnect();
    if (hasEnded || !navigator.onLine) return;
    source = new EventSource(`${root.dataset.live}?since=${fetchedAt}`);
    source.addEventListener("open", () => {
      openedAt = Date.now();
    });
    source.addEventListener("updated", ({ data }) => fetchSoon(data.split(" ")));
    source.addEventListener("error", () => {
      // A stream that held for a while was lost to a restart or the network, not refused.
      if (openedAt && Date.now() - openedAt > TICK_MS) failures = 0;
      openedAt = 0;
      disconnect();
      connectTimer = setTimeout(connect, waitMs());
    });
  };

  const fetchSoon = (parcels, delay = SETTLE_MS) => {
    for (const parcel of parcels) changed.add(parcel);
    clearTimeout(fetchTimer);
    fetchTimer = setTimeout(fetchChanges, delay);
  };

  // On the page of an order a change of some parcels fetches their cards alone.
  const changesUrl = (parcels) => {
    const url = new URL(location.pathname + location.search, location.origin);
    const cards = parcels.map((parcel) => document.getElementById(`parcel-${parcel.slice(0, 8)}`));
    if (cards.length && cards.every(Boolean)) for (const parcel of parcels) url.searchParams.append("parcel", parcel);
    return url;
  };

  const fetchChanges = async () => {
    if (isFetching || hasEnded) return;
    isFetching = true;
    const parcels = [...changed];
    changed.clear();
    const [url, askedAt] = [changesUrl(parcels), serverTime()];
    try {
      const response = await fetch(url, { headers: { "HX-Request": "true" }, cache: "no-store" });
      // The link has ended, or its page has become another one: the reader should see that page.
      if (response.redirected || [403, 404, 410].includes(response.status)) return location.reload();
      if (!response.ok) throw new Error(`${response.status}`);
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("live-content");
      if (url.searchParams.has("parcel")) showCards(fresh);
      else showAll(fresh);
      document.dispatchEvent(new Event("live:shown"));
      fetchedAt = askedAt;
      failures = 0;
      if (changed.size) fetchSoon([]);
    } catch (error) {
      console.warn(error);
      fetchSoon(parcels, waitMs());
    } finally {
      isFetching = false;
    }
  };

  const textOf = (element) => element?.textContent.replace(/\s+/g, " ").trim() || "";

  const announce = (texts) => {
    const news = texts.filter(Boolean).join(". ");
    if (news) announcement.textContent = root.dataset.news.replace("{}", news);
  };

  const markTab = () => {
    const isMarked = document.hidden || document.title.startsWith(mark);
    const { title } = document.getElementById("live-content").dataset;
    document.title = (isMarked ? mark : "") + (title || document.title.replace(mark, ""));
    if (document.hidden) icon.href = root.dataset.badge;
  };

  const clearTab = () => {
    document.title = document.title.replace(mark, "");
    icon.href = plainIcon;
  };

  // Each card says in `data-place` where it belongs; among equal ones it keeps its place.
  const placeCard = (card) => {
    const others = [...card.parentElement.children].filter((other) => other !== card);
    const next = others.find((other) => other.dataset.place > card.dataset.place);
    if (next) next.before(card);
    else card.parentElement.append(card);
  };

  const showCards = (fresh) => {
    const news = [];
    document.getElementById("summary").replaceWith(fresh.querySelector("#summary"));
    for (const card of fresh.querySelectorAll("li.parcel")) {
      const old = document.getElementById(card.id);
      if (!old) return fetchSoon(["all"]);
      const hadFocus = old.contains(document.activeElement);
      const isNews = textOf(old) !== textOf(card);
      old.replaceWith(card);
      if (old.dataset.place !== card.dataset.place) placeCard(card);
      if (hadFocus) card.querySelector("a").focus({ preventScroll: true });
      if (!isNews) continue;
      card.classList.add("new-arrival");
      news.push(textOf(card.querySelector("h2")), textOf(card.querySelector(".soft")));
    }
    announce(news);
    markTab();
  };

  // What has the focus has an id, lies in a row that can be opened, or leads somewhere: the same is found again.
  const focusedSelector = (content) => {
    const focused = document.activeElement;
    if (!content.contains(focused)) return "";
    if (focused.id) return `#${CSS.escape(focused.id)}`;
    const { detailsId } = focused.parentElement.dataset;
    if (detailsId) return `[data-details-id="${CSS.escape(detailsId)}"] > summary`;
    return focused.hasAttribute("href") ? `[href="${CSS.escape(focused.getAttribute("href"))}"]` : "";
  };

  // A scan is news once; the card of a parcel is whenever its answer is another one.
  const keyOf = (item) => (item.matches(".parcel") ? item.id + textOf(item.querySelector("h2")) : item.id);

  const showAll = (fresh) => {
    const old = document.getElementById("live-content");
    const focused = focusedSelector(old);
    const open = new Set([...old.querySelectorAll("details[open]")].map((details) => details.dataset.detailsId));
    const known = new Set([...old.querySelectorAll("li.event, li.parcel")].map(keyOf));
    const said = ["#answer", "#then", "h1"].map((selector) => textOf(old.querySelector(selector)));
    const oldState = old.dataset.state;
    old.replaceWith(fresh);
    for (const details of fresh.querySelectorAll("details[data-details-id]"))
      details.open = open.has(details.dataset.detailsId);
    if (focused) fresh.querySelector(focused)?.focus({ preventScroll: true });
    const arrived = [...fresh.querySelectorAll("li.event, li.parcel")].filter((item) => !known.has(keyOf(item)));
    for (const item of arrived) item.classList.add("new-arrival");
    const answers = ["#answer", "#then", "h1"].map((selector) => textOf(fresh.querySelector(selector)));
    announce([
      fresh.dataset.state === oldState ? "" : fresh.dataset.state,
      ...new Set(answers.filter((answer) => !said.includes(answer))),
      ...arrived.slice(0, 3).map((item) => textOf(item.querySelector("summary, .row, h2") || item)),
    ]);
    markTab();
    if (fresh.dataset.liveEnded !== undefined) {
      hasEnded = true;
      disconnect();
    }
  };

  // After sleep or without network a stream can seem open and be dead, and the site forgets old changes.
  const resume = () => {
    failures = 0;
    connect();
    fetchSoon(["all"]);
  };
  let tickedAt = Date.now();
  const tick = () => {
    const hasSlept = Date.now() - tickedAt > SLEEP_MS;
    tickedAt = Date.now();
    if (hasSlept) resume();
  };
  setInterval(tick, TICK_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    clearTab();
    tick();
    if (!source) connect();
  });
  const offlineNote = document.getElementById("no-network");
  addEventListener("online", () => {
    offlineNote.hidden = true;
    resume();
  });
  addEventListener("offline", () => {
    offlineNote.hidden = false;
    disconnect();
  });
  addEventListener("pageshow", ({ persisted }) => persisted && resume());
  addEventListener("pagehide", disconnect);
  connect();
})();
