"use strict";
// Everything here is comfort: each page works without it.
(function () {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const useOwnZone = (root) => {
    for (const field of root.querySelectorAll("[data-own-zone]")) if (zone) field.value = zone;
  };
  const submitOnChange = (root) => {
    for (const form of root.querySelectorAll("form[data-submit-on-change]")) {
      form.classList.add("quick");
      form.addEventListener("change", () => form.requestSubmit());
    }
  };
  useOwnZone(document);
  submitOnChange(document);

  // A fragment replaced by live news keeps what the reader had opened, and marks what is new.
  let opened = [];
  let seen = new Set();
  const nowOpen = () => [...document.querySelectorAll("details[data-keep][open]")].map((one) => one.dataset.keep);
  const open = (names) => {
    for (const one of document.querySelectorAll("details[data-keep]")) one.open = names.includes(one.dataset.keep);
  };
  document.addEventListener("htmx:beforeSwap", () => {
    opened = nowOpen();
    seen = new Set([...document.querySelectorAll("li.event")].map((one) => one.id));
  });
  document.addEventListener("htmx:afterSwap", () => {
    open(opened);
    for (const one of document.querySelectorAll("li.event")) if (!seen.has(one.id)) one.classList.add("new");
  });

  // A setting changed on a page brings the page back as it was: the same lines in view, the same parts open.
  for (const form of document.querySelectorAll("form[data-stay]")) {
    form.addEventListener("submit", () => {
      sessionStorage.setItem("stay", JSON.stringify({ path: location.pathname, from: scrollY, open: nowOpen() }));
    });
  }
  const stay = JSON.parse(sessionStorage.getItem("stay"));
  sessionStorage.removeItem("stay");
  if (stay && stay.path === location.pathname) {
    open(stay.open);
    addEventListener("load", () => scrollTo(0, stay.from));
  }
})();
