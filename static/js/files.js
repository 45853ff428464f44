"use strict";
// Lists the files chosen for a document, adds photos to them, and takes one out again. The form works without it.
(function () {
  const chosenFiles = new WeakMap();
  const inputOf = (part) => part.querySelector("input[type=file]:not([data-camera])");

  // The inputs show no names of their own, so that each file gets a row.
  const buildRow = (part, file, index) => {
    const { maxBytes, tooLarge } = inputOf(part).dataset;
    const isTooLarge = file.size > Number(maxBytes);
    const row = document.createElement("li");
    const icon = part.querySelector(".pick:has([multiple]) .i").cloneNode(true);
    const [text, name, detail, remove] = ["span", "b", "small", "button"].map((tag) => document.createElement(tag));
    const size = new Intl.NumberFormat(document.documentElement.lang, {
      style: "unit", unit: "megabyte", maximumFractionDigits: 1,
    });
    name.textContent = file.name;
    detail.textContent = isTooLarge ? tooLarge : size.format(file.size / 1_000_000);
    if (isTooLarge) [row.className, detail.className] = ["wrong", "error"];
    remove.type = "button";
    remove.className = "plain";
    remove.textContent = part.dataset.remove;
    remove.setAttribute("aria-label", `${part.dataset.remove}: ${file.name}`);
    remove.dataset.index = index;
    text.append(name, detail);
    row.append(icon, text, remove);
    return row;
  };

  const showFiles = (part, files) => {
    const transfer = new DataTransfer();
    for (const file of files) transfer.items.add(file);
    inputOf(part).files = transfer.files;
    chosenFiles.set(part, files);
    const list = part.querySelector("ul");
    list.replaceChildren(...files.map((file, index) => buildRow(part, file, index)));
    list.hidden = files.length === 0;
  };

  document.addEventListener("change", ({ target }) => {
    const part = target.closest("[data-files]");
    if (!part || !target.files) return;
    const added = [...target.files];
    if (target.dataset.camera !== undefined) target.value = "";
    showFiles(part, [...(chosenFiles.get(part) || []), ...added]);
  });

  document.addEventListener("click", ({ target }) => {
    const part = target.closest("[data-files]");
    if (!part || target.dataset.index === undefined) return;
    const removed = Number(target.dataset.index);
    showFiles(part, chosenFiles.get(part).filter((file, index) => index !== removed));
    inputOf(part).focus();
  });
})();
