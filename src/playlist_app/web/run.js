/** A run under way: its progress here and on every tab, cancelling, the result item by item, undo. */

import { del, get, post } from "./api.js";
import { emit, on } from "./bus.js";
import { $, announce, busy, fill, h } from "./dom.js";
import { span } from "./format.js";
import { drawResult } from "./outcome.js";
import { can, session } from "./session.js";
import { complain } from "./toast.js";

const EVERY_MS = 500;
const KEPT = "kryten-playlist.run";

let run = null; // { id, view, playlist }: the last answer about it, and the playlist it puts on the air
let timer = null;

const dialog = () => $("#apply");

const mine = () => can("cancel_any_run") || run.view?.by.toLowerCase() === session()?.username.toLowerCase();

const isRunning = () => (run.view?.status ?? "running") === "running";

function title() {
  if (run.view?.undo_of) return isRunning() ? "Putting the queue back" : "The queue before";
  const what = run.playlist ? `“${run.playlist.name}”` : "a playlist";
  return `${isRunning() ? "Applying" : "Applied"} ${what}`;
}

function remember() {
  try {
    if (run === null || !isRunning()) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, run.id);
  } catch {
    // Without storage a reload only loses sight of the run; the run itself goes on.
  }
}

/** Show a run and stay with it to its end; `playlist` is the one it puts on the air, if that is known. */
export function follow(id, { playlist = null, quietly = false } = {}) {
  clearTimeout(timer);
  run = { id, playlist, view: null };
  remember();
  if (!quietly) openDialog();
  poll();
}

async function poll() {
  const current = run;
  try {
    const view = await get(`/queue/runs/${current.id}`);
    if (run !== current) return;
    run.view = view;
    await loadPlaylist(current);
    if (run !== current) return;
  } catch (error) {
    if (run !== current) return;
    if (error.status === 404) return forget();
    return (timer = setTimeout(poll, 4 * EVERY_MS));
  }
  draw();
  if (isRunning()) return (timer = setTimeout(poll, EVERY_MS));
  remember();
  return emit("channel-stirred");
}

/** Somebody else's run, or one from before a reload, names only the id of its playlist. */
async function loadPlaylist(current) {
  const { playlist_id: id, undo_of: undone } = current.view;
  if (current.playlist || current.asked || undone || !id) return;
  current.asked = true;
  try {
    current.playlist = await get(`/playlists/${id}`);
  } catch {
    // It may be deleted by now; the run is told without its name.
  }
}

function forget() {
  leave();
  remember();
}

function leave() {
  clearTimeout(timer);
  run = null;
  $("#run-strip").removeAttribute("data-run");
  fill($("#run-strip"));
}

function openDialog() {
  dialog().replaceChildren(
    h(
      "div",
      { class: "row spread" },
      h("h2", { id: "apply-title", tabindex: "-1" }, title()),
      h("button", { type: "button", class: "quiet", onclick: () => dialog().close() }, "Close"),
    ),
    h("div", { class: "scroll stack" }, h("div", { id: "run" })),
    h("div", { id: "run-buttons", class: "row actions" }),
  );
  if (!dialog().open) dialog().showModal();
  $("#apply-title").focus();
  if (run.view) draw();
}

function progress({ done, total, eta_seconds: eta }) {
  const text = `${done} of ${total}${eta ? `, about ${span(eta)} left` : ""}`;
  return [
    h("progress", { max: Math.max(1, total), value: done, "aria-label": "Progress" }),
    h("p", {}, text),
  ];
}

function button(text, work, more = {}) {
  const element = h("button", { type: "button", ...more }, text);
  element.addEventListener("click", () => busy(element, work));
  return element;
}

async function cancel() {
  try {
    await del(`/queue/runs/${run.id}`);
  } catch (error) {
    complain(error);
  }
}

async function undo() {
  try {
    const { run_id: id } = await post(`/queue/runs/${run.id}/undo`, undefined, {
      headers: { Prefer: "respond-async" },
    });
    follow(id);
  } catch (error) {
    complain(error);
  }
}

function seeChannel() {
  dialog().close();
  emit("show-tab", "channel");
}

function draw() {
  const { view } = run;
  const running = isRunning();
  if ($("#run") !== null) {
    $("#apply-title").textContent = title();
    if (running) fill($("#run"), ...progress(view));
    else drawResult($("#run"), run);
    drawButtons(view, running);
  }
  if (!running) announce($("#run p")?.textContent ?? `${title()}: ${ending(view)}`);
  strip(running);
}

/** Only when they change: a button that is replaced while it is pressed never hears of the click. */
function drawButtons(view, running) {
  const row = $("#run-buttons");
  if (row.getAttribute("data-status") === view.status) return;
  row.setAttribute("data-status", view.status);
  const changed = view.added + view.moved + view.kept > 0 || view.status !== "done";
  fill(
    row,
    running && mine() && button("Cancel", cancel),
    !running && button("See the channel", seeChannel, { class: "primary" }),
    !running && changed && !view.undo_of && can("apply") && button("Undo", undo),
  );
}

/** The same in one line over every tab, for whoever has closed the dialog. */
function strip(running) {
  const { view } = run;
  const text = running ? `${title()}: ${view.done} of ${view.total}` : `${title()}: ${ending(view)}`;
  const show = button(running ? "Show" : "Details", openDialog);
  const close = button("×", forget, { class: "quiet", "aria-label": "Close this note" });
  const element = $("#run-strip");
  if (running && element.getAttribute("data-run") === run.id) return ($("span", element).textContent = text);
  element.setAttribute("data-run", running ? run.id : "");
  return fill(element, h("span", {}, text), show, !running && close);
}

function ending({ status, failed, kept, moved, added, total }) {
  if (status === "cancelled") return "cancelled";
  if (status === "failed") return "could not go on";
  return `${kept + moved + added} of ${total} in the queue${failed.length ? `, ${failed.length} failed` : ""}`;
}

/** After a reload: the run that was being watched. */
function takeUp() {
  let kept = null;
  try {
    kept = localStorage.getItem(KEPT);
  } catch {
    return;
  }
  if (kept && run === null) follow(kept, { quietly: true });
}

export function startRun() {
  on("session", (user) => (user === null ? leave() : takeUp()));
  dialog().addEventListener("close", () => dialog().replaceChildren());
}
