/** The order a marathon would have: a row a title, with its source, start and length. */

import { h } from "./dom.js";
import { clock, episode, total } from "./format.js";

const AT_FIRST = 300;

function row(item, place) {
  return h(
    "tr",
    {},
    h("td", { class: "number" }, String(place + 1)),
    h("td", {}, h("span", { class: `badge source source-${item.source.charCodeAt(0) % 4}` }, item.source)),
    h(
      "td",
      { class: "what", title: item.title },
      item.display_title,
      " ",
      episode(item) && h("span", { class: "badge" }, episode(item)),
    ),
    h("td", { class: "time" }, clock(item.starts_at_offset_seconds)),
    h("td", { class: "time" }, clock(item.duration_seconds)),
  );
}

function table(items) {
  const heads = ["#", "From", "Title", "Starts at", "Length"];
  const body = h("tbody", {}, ...items.slice(0, AT_FIRST).map(row));
  const whole = h(
    "table",
    {},
    h("caption", { class: "sr-only" }, "The order of the marathon"),
    h("thead", {}, h("tr", {}, ...heads.map((text) => h("th", { scope: "col" }, text)))),
    body,
  );
  if (items.length <= AT_FIRST) return [whole];
  const rest = h("button", { type: "button", class: "wide" }, `Show all ${items.length.toLocaleString()}`);
  rest.addEventListener("click", () => {
    body.replaceChildren(...items.map(row));
    rest.remove();
  });
  return [whole, rest];
}

export function drawPreview(element, result) {
  const warnings = result.warnings.map((warning) => h("li", {}, warning.message));
  element.replaceChildren(
    h(
      "p",
      { class: "strong" },
      total(result.items.length, result.total_duration_seconds, result.unknown_durations),
    ),
    ...(warnings.length ? [h("ul", { class: "notice warn" }, ...warnings)] : []),
    ...table(result.items),
  );
  element.hidden = false;
}
