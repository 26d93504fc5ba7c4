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

let run = null; // { id, name, items, undoes, view }
let timer = null;

const dialog = () => $("#apply");

const mine = () => can("cancel_any_run") || run.view?.by.toLowerCase() === session()?.username.toLowerCase();

const what = () => (run.name ? `“${run.name}”` : "a playlist");

function title() {
  const running = (run.view?.status ?? "running") === "running";
  if (run.undoes) return running ? "Putting the queue back" : "The queue before";
  return `${running ? "Applying" : "Applied"} ${what()}`;
}

function remember() {
  try {
    if (run === null || (run.view?.status ?? "running") !== "running") localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, JSON.stringify({ id: run.id, name: run.name, undoes: run.undoes }));
  } catch {
    // Without storage a reload only loses sight of the run; the run itself goes on.
  }
}

/** Show a run and stay with it to its end; `items` are those of its playlist. */
export function follow({ id, name, items, undoes = false }, { quietly = false } = {}) {
  clearTimeout(timer);
  run = { id, name, items, undoes, view: null };
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
  } catch (error) {
    if (run !== current) return;
    if (error.status === 404 || error.status === 401) return forget();
    return (timer = setTimeout(poll, 4 * EVERY_MS));
  }
  if (run.view.status !== "running") remember();
  draw();
  if (run.view.status === "running") return (timer = setTimeout(poll, EVERY_MS));
  return emit("channel-stirred");
}

function forget() {
  clearTimeout(timer);
  run = null;
  remember();
  fill($("#run-strip"));
}

function openDialog() {
  dialog().replaceChildren(
    h("div", { class: "row spread" }, h("h2", { id: "apply-title", tabindex: "-1" }, title()),
      h("button", { type: "button", class: "quiet", onclick: () => dialog().close() }, "Close")),
    h("div", { class: "scroll stack" }, h("div", { id: "run" })),
    h("div", { id: "run-buttons", class: "row actions" }),
  );
  if (!dialog().open) dialog().showModal();
  $("#apply-title").focus();
  if (run.view) draw();
}

function progress({ done, total, eta_seconds: eta }) {
  const text = `${done} of ${total}${eta ? `, about ${span(eta)} left` : ""}`;
  return [h("progress", { max: Math.max(1, total), value: done, "aria-label": "Progress" }), h("p", {}, text)];
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
    const { run_id: id } = await post(`/queue/runs/${run.id}/undo`, undefined, { headers: { Prefer: "respond-async" } });
    follow({ id, name: run.name, items: [], undoes: true });
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
  const running = view.status === "running";
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
  fill(row,
    running && mine() && button("Cancel", cancel),
    !running && button("See the channel", seeChannel, { class: "primary" }),
    !running && changed && !view.undo_of && can("apply") && button("Undo", undo));
}

/** The same in one line over every tab, for whoever has closed the dialog. */
function strip(running) {
  const { view } = run;
  const text = running ? `${title()}: ${view.done} of ${view.total}` : `${title()}: ${ending(view)}`;
  const show = button(running ? "Show" : "Details", openDialog);
  const close = button("×", forget, { class: "quiet", "aria-label": "Close this note" });
  if (running && !$("#run-strip").hidden) $("#run-strip span").textContent = text;
  else fill($("#run-strip"), h("span", {}, text), show, !running && close);
}

function ending({ status, failed, kept, moved, added, total }) {
  if (status === "cancelled") return "cancelled";
  if (status === "failed") return "could not go on";
  return `${kept + moved + added} of ${total} in the queue${failed.length ? `, ${failed.length} failed` : ""}`;
}

/** After a reload: the run that was being watched. */
async function takeUp() {
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(KEPT));
  } catch {
    return;
  }
  if (kept && run === null) follow({ ...kept, items: [] }, { quietly: true });
}

export function startRun() {
  on("session", (user) => {
    if (user !== null) return takeUp();
    clearTimeout(timer);
    run = null;
    return fill($("#run-strip"));
  });
  dialog().addEventListener("close", () => dialog().replaceChildren());
}
