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
  let opened = new Set();
  let seen = new Set();
  document.addEventListener("htmx:beforeSwap", () => {
    opened = new Set([...document.querySelectorAll("details[data-keep][open]")].map((one) => one.dataset.keep));
    seen = new Set([...document.querySelectorAll("li.event")].map((one) => one.id));
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const one of document.querySelectorAll("details[data-keep]")) one.open = opened.has(one.dataset.keep);
    for (const one of document.querySelectorAll("li.event")) if (!seen.has(one.id)) one.classList.add("new");
  });
})();
