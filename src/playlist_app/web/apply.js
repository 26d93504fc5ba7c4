/** The apply dialog: which playlist, how it meets the queue, and what that would do right now. */

import { get, post } from "./api.js";
import { on } from "./bus.js";
import { isConnected, playingNow } from "./channel.js";
import { $, busy, fill, h } from "./dom.js";
import { fingerprint, list } from "./list.js";
import { drawPlan } from "./plan.js";
import { follow } from "./run.js";
import { savedPlaylists } from "./saved.js";
import { can } from "./session.js";

const MODES = [
  ["preserve_current", "Keep what is playing", "The rest of the queue becomes this playlist."],
  ["append", "Add at the end", "The queue stays as it is; this playlist comes after it."],
  ["hard_replace", "Replace everything", "The playing item goes too, and this playlist starts at once."],
];

let state = { id: null, mode: "preserve_current", turn: 0 };

const dialog = () => $("#apply");

const chosen = () => savedPlaylists().find((playlist) => playlist.playlist_id === state.id);

function modeChoice([value, text, explained]) {
  const input = h("input", {
    type: "radio",
    name: "mode",
    value,
    checked: value === state.mode,
    onchange: () => ((state.mode = value), plan()),
  });
  return h(
    "label",
    { class: "choice" },
    input,
    h("span", {}, text, h("br"), h("span", { class: "muted" }, explained)),
  );
}

function form() {
  const options = savedPlaylists().map((playlist) =>
    h("option", { value: playlist.playlist_id, selected: playlist.playlist_id === state.id }, playlist.name),
  );
  const allowed = MODES.filter(([value]) => value !== "hard_replace" || can("hard_replace"));
  return [
    h("label", { for: "apply-which" }, "Playlist"),
    h(
      "select",
      { id: "apply-which", onchange: (event) => ((state.id = event.target.value), plan()) },
      ...options,
    ),
    h("p", { id: "apply-unsaved", class: "notice warn", hidden: true }),
    h("fieldset", {}, h("legend", {}, "How"), ...allowed.map(modeChoice)),
    h("p", { id: "apply-hard", class: "notice bad", role: "alert", hidden: true }),
    h("div", { id: "plan", "aria-live": "polite" }),
    h("div", { id: "apply-problem", class: "problem", role: "alert", hidden: true }),
  ];
}

/** What stands against pressing the button, besides the plan itself. */
function notes() {
  const unsaved = list.id === state.id && list.baseline !== fingerprint();
  $("#apply-unsaved").hidden = !unsaved;
  $("#apply-unsaved").textContent = unsaved
    ? "Your working playlist has changes that are not saved; what is applied is the saved one."
    : "";
  const hard = state.mode === "hard_replace";
  const playing = playingNow();
  $("#apply-hard").hidden = !hard;
  $("#apply-hard").textContent = hard
    ? playing
      ? `“${playing}” is playing and will be cut off and removed.`
      : "Everything in the queue will be removed."
    : "";
  $("#apply-now").textContent = hard ? "Replace everything now" : "Apply now";
  $("#apply-now").className = hard ? "danger" : "primary";
}

/** Ask what would happen now; only the latest question is shown. */
async function plan() {
  if (!dialog().open || $("#plan") === null) return;
  notes();
  const turn = ++state.turn;
  if (!isConnected()) return away();
  try {
    const answer = await post("/queue/plan", { playlist_id: state.id, mode: state.mode });
    if (turn !== state.turn || $("#plan") === null) return;
    fill($("#apply-problem"));
    drawPlan($("#plan"), answer);
    $("#apply-now").disabled = false;
  } catch (error) {
    if (turn !== state.turn || $("#plan") === null) return;
    $("#plan").replaceChildren();
    $("#apply-now").disabled = true;
    fill($("#apply-problem"), h("p", {}, error.message));
  }
}

function away() {
  $("#apply-now").disabled = true;
  $("#plan").replaceChildren();
  fill(
    $("#apply-problem"),
    h(
      "p",
      {},
      "The channel cannot be reached, so nothing can be applied. This goes on by itself when it is back.",
    ),
  );
}

async function start() {
  const { id, mode } = state;
  try {
    const playlist = await get(`/playlists/${id}`);
    const { run_id: run } = await post(
      "/queue/apply",
      { playlist_id: id, mode },
      { headers: { Prefer: "respond-async" } },
    );
    follow(run, { playlist });
  } catch (error) {
    const watch =
      error.code === "apply_in_progress" &&
      h("button", { type: "button", onclick: () => follow(error.details.run_id) }, "Watch it");
    fill($("#apply-problem"), h("p", {}, error.message), watch);
  }
}

function open({ playlistId = null } = {}) {
  if (savedPlaylists().length === 0) return;
  state = {
    id: playlistId ?? list.id ?? savedPlaylists()[0].playlist_id,
    mode: "preserve_current",
    turn: state.turn,
  };
  if (!chosen()) state.id = savedPlaylists()[0].playlist_id;
  const go = h("button", { id: "apply-now", type: "button", class: "primary", disabled: true }, "Apply now");
  go.addEventListener("click", () => busy(go, start));
  dialog().replaceChildren(
    h(
      "div",
      { class: "row spread" },
      h("h2", { id: "apply-title" }, "Apply to the channel"),
      h("button", { type: "button", class: "quiet", onclick: () => dialog().close() }, "Close"),
    ),
    h("div", { class: "scroll stack" }, ...form()),
    h("div", { class: "row actions" }, go),
  );
  if (!dialog().open) dialog().showModal();
  plan();
}

export function startApply() {
  on("apply", open);
  on("queue-changed", plan);
  on("session", (user) => user === null && dialog().close());
  $("#apply-any").addEventListener("click", () => open());
}
