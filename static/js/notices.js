"use strict";
// A pattern of notices ticks its boxes at once; a change by hand moves the choice to none. Without it Save does the same.
(function () {
  const form = document.getElementById("choices");
  if (!form) return;
  form.addEventListener("change", ({ target }) => {
    if (target.name === "much")
      for (const box of form.querySelectorAll("[data-patterns]"))
        box.checked = box.dataset.patterns.split(" ").includes(target.value);
    else if (target.dataset.patterns !== undefined)
      for (const radio of form.querySelectorAll("[name=much]")) radio.checked = false;
  });
})();
