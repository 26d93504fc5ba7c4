/** What an apply would do, in words: counts, time, and what stands against it. */

import { h } from "./dom.js";
import { counted, inSeconds, span } from "./format.js";

/** In the order of the playlist; what failed first need not stand first. */
export const failureList = (failures) =>
  h(
    "ul",
    { class: "failures" },
    ...failures.toSorted((one, other) => one.index - other.index).map((failure) =>
      h(
        "li",
        {},
        h("span", { class: "title", title: failure.title ?? failure.video_id }, failure.display_title),
        h("br"),
        h("span", { class: "bad" }, failure.message),
      ),
    ),
  );

const notices = (texts, tone) =>
  texts.length ? [h("ul", { class: `notice ${tone}` }, ...texts.map((text) => h("li", {}, text)))] : [];

export function drawPlan(element, plan) {
  const cell = (number, text) => h("div", {}, h("dt", {}, text), h("dd", {}, number.toLocaleString()));
  const nothing = plan.commands === 0;
  const time = nothing
    ? "The queue already is as it would be."
    : `Takes about ${span(Math.max(1, plan.seconds))}. `;
  const ends = plan.ends_in_seconds > 0 ? `Everything has played at ${inSeconds(plan.ends_in_seconds)}.` : "";
  element.replaceChildren(
    h(
      "dl",
      { class: "counts" },
      cell(plan.keep, "stay"),
      cell(plan.move, "move"),
      cell(plan.add, "added"),
      cell(plan.delete, "removed"),
    ),
    h("p", {}, `${time} ${ends}`),
    ...notices(plan.limits, "bad"),
    ...notices(plan.warnings, "warn"),
    ...(plan.unavailable.length
      ? [
          h(
            "p",
            { class: "strong" },
            `${counted(plan.unavailable.length, "title")} will not come into the queue:`,
          ),
          failureList(plan.unavailable),
        ]
      : []),
  );
}
