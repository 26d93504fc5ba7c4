/** One title of the working playlist: a handle, its facts, and buttons to move it and take it out. */

import { $, h } from "./dom.js";
import { clock, episode } from "./format.js";

/** The buttons under an opened row; `place` is asked when one is pressed. */
function tools(item, place, { moveTo }) {
  const button = (text, label, to) =>
    h(
      "button",
      {
        type: "button",
        "aria-label": `${label}: ${item.display_title}`,
        onclick: () => moveTo(item.key, to()),
      },
      text,
    );
  return h(
    "div",
    { class: "tools row", hidden: true },
    button("Top", "Move to the top", () => 0),
    button("↑ Up", "Move up", () => place() - 1),
    button("↓ Down", "Move down", () => place() + 1),
    button("Bottom", "Move to the bottom", () => Infinity),
  );
}

function toggle(button, strip) {
  const opening = strip.hidden;
  for (const other of document.querySelectorAll("#list .tools:not([hidden])")) {
    other.hidden = true;
    $(".open-tools", other.parentElement).setAttribute("aria-expanded", "false");
  }
  strip.hidden = !opening;
  button.setAttribute("aria-expanded", String(opening));
}

function text(item) {
  return [
    h("span", { class: "title", title: item.title ?? item.video_id }, item.display_title),
    h(
      "span",
      { class: "facts" },
      episode(item) && h("span", { class: "badge" }, episode(item)),
      h(
        "span",
        { class: "time" },
        item.duration_seconds === null ? "length unknown" : clock(item.duration_seconds),
      ),
      h("span", { class: "offset muted" }),
    ),
    item.available === false && h("span", { class: "bad" }, item.unavailable_reason),
  ];
}

/** `update(place, count, offset)` tells the row where it stands and how many seconds stand before it. */
export function makeRow(item, { canEdit, moveTo, takeOut }) {
  let at = 0;
  const number = h("span", { class: "number", "aria-hidden": "true" });
  const element = h("li", { class: "entry", "data-key": item.key });
  const handle = h("button", {
    type: "button",
    class: "handle",
    title: "Drag it to another place",
    "aria-describedby": "handle-help",
    "aria-pressed": "false",
  });
  if (canEdit) {
    const strip = tools(item, () => at, { moveTo });
    const opener = h(
      "button",
      { type: "button", class: "open-tools grow", "aria-expanded": "false" },
      h("span", { class: "about grow" }, ...text(item)),
      h("span", { class: "more", title: "Move it up or down", "aria-hidden": "true" }, "⋯"),
    );
    opener.addEventListener("click", () => toggle(opener, strip));
    const out = h(
      "button",
      {
        type: "button",
        class: "remove quiet",
        "aria-label": `Remove ${item.display_title}`,
        onclick: () => takeOut(item.key),
      },
      "×",
    );
    element.append(h("div", { class: "line" }, handle, number, opener, out), strip);
  } else {
    element.append(h("div", { class: "line" }, number, h("div", { class: "about grow plain" }, ...text(item))));
  }
  const update = (place, count, offset) => {
    at = place;
    number.textContent = place + 1;
    handle.setAttribute("aria-label", `Move ${item.display_title}, ${place + 1} of ${count}`);
    $(".offset", element).textContent = place ? `starts at ${clock(offset)}` : "";
  };
  return { element, update };
}
