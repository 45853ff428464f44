"use strict";
// Only conveniences: every page works without this script.
(function () {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const useOwnZone = (root) => {
    for (const field of root.querySelectorAll("[data-own-zone]")) {
      if (!zone) continue;
      const isMissing = field.options && ![...field.options].some((option) => option.value === zone);
      if (isMissing) field.add(new Option(zone.split("/").pop().replaceAll("_", " "), zone));
      field.value = zone;
    }
  };
  const submitOnChange = (root) => {
    for (const form of root.querySelectorAll("form[data-submit-on-change]")) {
      form.classList.add("auto-submit");
      form.addEventListener("change", () => form.requestSubmit());
    }
  };
  useOwnZone(document);
  submitOnChange(document);
  // A form that came back goes to its first wrong field.
  document.querySelector("main [aria-invalid=true]")?.focus();

  const openDetailsIds = () =>
    [...document.querySelectorAll("details[data-details-id][open]")].map((details) => details.dataset.detailsId);
  const restoreOpenDetails = (ids) => {
    for (const details of document.querySelectorAll("details[data-details-id]"))
      details.open = ids.includes(details.dataset.detailsId);
  };

  // The reading settings close on Escape and on a tap beside them.
  const settings = document.querySelector("details.aa");
  if (settings) {
    document.addEventListener("click", (event) => {
      if (!settings.contains(event.target)) settings.open = false;
    });
    settings.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      settings.open = false;
      settings.querySelector("summary").focus();
    });
  }

  // "Share" opens the device's own dialog, or copies the link; without script it opens the page to share.
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-share]");
    if (!link) return;
    event.preventDefault();
    if (navigator.share) {
      // Closing the dialog rejects the promise: that is the reader's choice and no failure.
      await navigator.share({ title: document.title, url: link.href }).catch((error) => {
        if (error.name !== "AbortError") throw error;
      });
    } else {
      await navigator.clipboard.writeText(link.href);
      link.lastChild.textContent = link.dataset.copied;
    }
  });

  // After a preference was changed, restore the scroll position and the opened details.
  for (const form of document.querySelectorAll("form[data-restore-position]")) {
    form.addEventListener("submit", () => {
      const position = { path: location.pathname, scrollY, open: openDetailsIds() };
      sessionStorage.setItem("restore", JSON.stringify(position));
    });
  }
  const savedPosition = JSON.parse(sessionStorage.getItem("restore"));
  sessionStorage.removeItem("restore");
  if (savedPosition && savedPosition.path === location.pathname) {
    restoreOpenDetails(savedPosition.open);
    addEventListener("load", () => scrollTo(0, savedPosition.scrollY));
  }
})();
