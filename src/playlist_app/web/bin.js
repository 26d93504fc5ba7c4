/** Deleted playlists that can still be restored. */

import { $, busy, h } from "./dom.js";
import { counted, timeOfDay } from "./format.js";

function row(playlist, { canEdit, restore }) {
  const back = h("button", { type: "button", "aria-label": `Restore ${playlist.name}` }, "Restore");
  back.addEventListener("click", () => busy(back, () => restore(playlist)));
  return h(
    "li",
    { class: "saved" },
    h("p", { class: "title" }, playlist.name),
    h(
      "p",
      { class: "muted" },
      `${counted(playlist.item_count, "title")} · deleted by ${playlist.deleted_by}, ${timeOfDay(playlist.deleted_at)}`,
    ),
    canEdit && h("div", { class: "row" }, back),
  );
}

export function drawBin(playlists, options) {
  const rows = playlists.map((playlist) => row(playlist, options));
  $("#bin-list").replaceChildren(
    ...(rows.length ? rows : [h("li", { class: "muted" }, "Nothing was deleted in the last 30 days.")]),
  );
}
