"use strict";
// The page without network: says what was last known and when, and loads the real page as soon as that is possible.
(function () {
  const card = document.querySelector("[data-known]");
  const FIRST_WAIT_MS = 2000;
  const LONGEST_WAIT_MS = 60_000;
  const KEPT_MS = 30 * 86_400_000;
  const { lang } = document.documentElement;

  const ago = (seenAt) => {
    const format = new Intl.RelativeTimeFormat(lang, { numeric: "always" });
    const minutes = Math.min(-1, Math.round((seenAt - Date.now()) / 60_000));
    if (minutes > -60) return format.format(minutes, "minute");
    if (minutes > -1440) return format.format(Math.round(minutes / 60), "hour");
    return format.format(Math.round(minutes / 1440), "day");
  };

  const when = (seenAt) => {
    const options = { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" };
    const { hours } = card.dataset;
    return new Intl.DateTimeFormat(lang, hours ? { ...options, hourCycle: `h${hours}` } : options).format(seenAt);
  };

  const showKnown = ({ lead, parts, shop, order, seenAt }) => {
    const heading = document.getElementById("answer");
    const small = document.createElement("small");
    small.textContent = card.dataset.known.replace("{}", when(seenAt));
    const pieces = parts.map((part) => {
      const piece = document.createElement("span");
      piece.className = "nb";
      piece.textContent = part;
      return piece;
    });
    heading.replaceChildren(small, ` ${lead} `, ...pieces.flatMap((piece) => [piece, " "]));
    card.querySelector(".likely").textContent = card.dataset.ago.replace("{}", ago(seenAt));
    document.querySelector(".top .shop span").textContent = shop;
    document.querySelector(".top .order").textContent = order;
    document.title = `${document.title.split(" · ")[0]} · ${shop}`;
  };

  const readKnown = async () => (await (await caches.open("last-seen")).match(location.pathname))?.json();

  const update = async () => {
    const known = await readKnown();
    if (known && Date.now() - known.seenAt < KEPT_MS) showKnown(known);
  };

  let timer = 0;
  const tryAgain = async (wait) => {
    try {
      await fetch(location.href, { method: "HEAD", cache: "no-store" });
      location.reload();
    } catch {
      timer = setTimeout(tryAgain, wait / 2 + (Math.random() * wait) / 2, Math.min(LONGEST_WAIT_MS, 2 * wait));
    }
  };

  update();
  setInterval(update, 60_000);
  timer = setTimeout(tryAgain, FIRST_WAIT_MS, FIRST_WAIT_MS);
  // The device is online a little before the network answers.
  addEventListener("online", () => {
    clearTimeout(timer);
    tryAgain(FIRST_WAIT_MS);
  });
})();
