/** How a run ended, item by item. */

import { h } from "./dom.js";
import { counted } from "./format.js";
import { failureList } from "./plan.js";

const STATUS = { done: "Done.", cancelled: "Cancelled.", failed: "The run could not go on." };

/** Only where it is certain: after a whole run, of a playlist nobody has changed since. */
function everyItem({ playlist, view }) {
  const items = playlist?.items ?? [];
  if (items.length !== view.total || view.status !== "done" || view.undo_of) return null;
  const problems = new Map(view.failed.map(({ index, message }) => [index, message]));
  const row = (item, place) => {
    const problem = problems.get(place);
    return h(
      "li",
      { class: problem ? "failed" : "done" },
      h("span", { "aria-hidden": "true" }, problem ? "✗ " : "✓ "),
      item.display_title,
      h("span", { class: problem ? "bad" : "muted" }, problem ? ` ${problem}` : " in the queue"),
    );
  };
  return h(
    "details",
    { open: view.failed.length === 0 },
    h("summary", {}, counted(items.length, "title")),
    h("ol", { class: "outcome" }, ...items.map(row)),
  );
}

export function drawResult(element, run) {
  const { view } = run;
  const { kept, moved, added } = view;
  const how = `${kept} stayed, ${moved} moved, ${added} added`;
  const sum = `${kept + moved + added} of ${counted(view.total, "title")} in the queue: ${how}.`;
  element.replaceChildren(
    ...[
      h("p", { class: "strong" }, `${STATUS[view.status] ?? view.status} ${view.message ?? ""}`),
      h("p", {}, sum),
      view.failed.length > 0 &&
        h(
          "p",
          { class: "strong bad" },
          `${counted(view.failed.length, "title")} did not come into the queue:`,
        ),
      view.failed.length > 0 && failureList(view.failed),
      everyItem(run),
    ].filter(Boolean),
  );
  element.hidden = false;
}
