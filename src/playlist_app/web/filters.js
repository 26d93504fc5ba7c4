/** The categories as a filter of the search: several of them, any or all. */

import { get } from "./api.js";
import { category, learnLabels } from "./categories.js";
import { $, h } from "./dom.js";

let selected = new Set();
let counts = {};
let changed = () => {};

export const chosen = () => [...selected];

export const matchAll = () => selected.size > 1 && $("input[name=match][value=all]").checked;

function redraw() {
  for (const box of $("#filter-list").querySelectorAll("input")) box.checked = selected.has(box.value);
  $("#filter-count").textContent = selected.size ? `(${selected.size})` : "";
  $("#filters-clear").hidden = selected.size === 0;
  $("#filter-chips").replaceChildren(
    ...chosen().map((name) =>
      h(
        "button",
        {
          type: "button",
          class: "chip",
          "aria-label": `Remove the category ${category(name)}`,
          onclick: () => toggle(name, false),
        },
        `${category(name)} ×`,
      ),
    ),
  );
}

function toggle(name, wanted) {
  if (wanted) selected.add(name);
  else selected.delete(name);
  redraw();
  changed();
}

export function clearFilters() {
  selected = new Set();
  redraw();
  changed();
}

export function setFilters({ all }) {
  $(`input[name=match][value=${all ? "all" : "any"}]`).checked = true;
  changed();
}

function choice(name) {
  return h(
    "label",
    { class: "choice", title: name },
    h("input", { type: "checkbox", value: name, onchange: (event) => toggle(name, event.target.checked) }),
    h("span", {}, category(name)),
    h("span", { class: "muted" }, (counts[name] ?? 0).toLocaleString()),
  );
}

export async function loadCategories() {
  const answer = await get("/catalog/categories");
  counts = answer.counts;
  learnLabels(answer.labels);
  selected = new Set(chosen().filter((name) => name in counts));
  $("#filter-list").replaceChildren(...answer.categories.map(choice));
  redraw();
}

export function startFilters(names, listener) {
  selected = new Set(names);
  changed = listener;
  $("#filters-clear").addEventListener("click", clearFilters);
  for (const radio of document.querySelectorAll("input[name=match]")) {
    radio.addEventListener("change", () => selected.size > 1 && changed());
  }
}
