/** How a run ended, item by item. */

import { h } from "./dom.js";
import { counted } from "./format.js";
import { failureList } from "./plan.js";

const STATUS = { done: "Done.", cancelled: "Cancelled.", failed: "The run could not go on." };

/** A failure names a title, not its place: of a title that occurs twice, the later one is the one left out. */
function marks(items, failed) {
  const left = new Map();
  for (const failure of failed)
    left.set(failure.video_id, [...(left.get(failure.video_id) ?? []), failure.message]);
  const rows = [...items].reverse().map((item) => [item, left.get(item.video_id)?.pop() ?? null]);
  return rows.reverse();
}

/** Only where it is certain: after a whole run, of a playlist nobody has changed since. */
function everyItem({ playlist, view }) {
  const items = playlist?.items ?? [];
  if (items.length !== view.total || view.status !== "done" || view.undo_of) return null;
  const row = ([item, problem]) =>
    h(
      "li",
      { class: problem ? "failed" : "done" },
      h("span", { "aria-hidden": "true" }, problem ? "✗ " : "✓ "),
      item.display_title,
      h("span", { class: problem ? "bad" : "muted" }, problem ? ` ${problem}` : " in the queue"),
    );
  return h(
    "details",
    { open: view.failed.length === 0 },
    h("summary", {}, counted(items.length, "title")),
    h("ol", { class: "outcome" }, ...marks(items, view.failed).map(row)),
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
