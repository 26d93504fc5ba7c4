/** One title among the results of a search. */

import { category } from "./categories.js";
import { h } from "./dom.js";
import { clock, episode } from "./format.js";

function picture(item) {
  if (!item.thumbnail_url?.startsWith("https://")) return null;
  const image = h("img", {
    class: "thumb",
    alt: "",
    loading: "lazy",
    referrerPolicy: "no-referrer",
    width: 64,
    height: 36,
  });
  image.addEventListener("error", () => image.remove());
  image.src = item.thumbnail_url;
  return image;
}

/** The facts line: episode, length, categories. */
function facts(item) {
  const names = item.categories.map(category).join(", ");
  return h(
    "p",
    { class: "facts" },
    episode(item) && h("span", { class: "badge" }, episode(item)),
    h(
      "span",
      { class: "time" },
      item.duration_seconds === null ? "length unknown" : clock(item.duration_seconds),
    ),
    names && h("span", { class: "muted" }, names),
  );
}

export function resultRow(item, { canEdit, addOne }) {
  const button =
    canEdit &&
    h(
      "button",
      {
        type: "button",
        class: "add",
        disabled: !item.available,
        "aria-label": `Add ${item.display_title}`,
        onclick: () => addOne(item),
      },
      "Add",
    );
  return h(
    "li",
    { class: "result", "data-id": item.video_id },
    picture(item),
    h(
      "div",
      { class: "grow" },
      h("p", { class: "title", title: item.title }, item.display_title),
      facts(item),
      h("p", { class: "raw muted", title: item.title }, `${item.video_id} · ${item.title}`),
      item.available ? null : h("p", { class: "bad" }, item.unavailable_reason),
    ),
    h("div", { class: "side" }, button, h("span", { class: "in-list" })),
  );
}
