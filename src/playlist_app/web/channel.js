/** What plays on the channel and what comes, as long as somebody looks. */

import { get } from "./api.js";
import { emit, on } from "./bus.js";
import { $, fill, h } from "./dom.js";
import { clock, counted, inSeconds, span } from "./format.js";
import { can } from "./session.js";
import { upcoming } from "./queue.js";

const EVERY_MS = 3000;
const SHOWN = 60;

let view = null;
let askedAt = 0;
let drawn = "";
let all = false;
let timer = null;
let clockTimer = null;

export const isConnected = () => view?.connected ?? false;

export const playingNow = () => view?.now_playing?.display_title ?? null;

/** Seconds into the playing item, as far as one can tell between two answers. */
function position() {
  const { position_seconds: then, duration_seconds: length } = view.now_playing;
  const now = then + (performance.now() - askedAt) / 1000;
  return length > 0 ? Math.min(length, now) : now;
}

function tick() {
  const bar = $("#now progress");
  if (!bar || !view?.now_playing) return;
  const at = position();
  const length = view.now_playing.duration_seconds;
  bar.value = Math.max(0, at);
  $("#now .time").textContent =
    at < 0
      ? `starts in ${Math.ceil(-at)} s`
      : `${clock(at)} of ${length > 0 ? clock(length) : "unknown length"}`;
}

function drawNow() {
  const playing = view.now_playing;
  if (!view.connected)
    return fill(
      $("#now"),
      h("p", { class: "empty" }, "What is playing is not known while the channel cannot be reached."),
    );
  if (!playing) return fill($("#now"), h("p", { class: "empty" }, "Nothing is playing; the queue is empty."));
  fill(
    $("#now"),
    h("p", { class: "muted" }, "Playing now"),
    h("p", { class: "title strong", title: playing.title }, playing.display_title),
    h("progress", { max: Math.max(1, playing.duration_seconds), value: 0, "aria-label": "Position" }),
    h("p", { class: "time muted" }),
  );
  return tick();
}

function queueRow({ item, startsIn }) {
  return h(
    "li",
    { class: "queued" },
    h("span", { class: "time" }, inSeconds(startsIn)),
    h("span", { class: "grow title", title: item.title }, item.display_title),
    h("span", { class: "time muted" }, item.duration_seconds > 0 ? clock(item.duration_seconds) : "?"),
  );
}

function drawQueue() {
  const entries = view.connected
    ? upcoming(view.items, view.now_playing, view.now_playing ? position() : 0)
    : [];
  const shown = all ? entries : entries.slice(0, SHOWN);
  $("#queue").replaceChildren(...shown.map(queueRow));
  $("#queue-all").hidden = shown.length === entries.length;
  $("#queue-all").textContent = `Show all ${entries.length.toLocaleString()}`;
  const whole = view.connected && view.items.length > 0;
  $("#queue-total").textContent = whole
    ? `Queue: ${counted(view.items.length, "item")}, ${span(view.total_duration_seconds)}`
    : "";
}

function take(answer) {
  const wasConnected = view?.connected;
  view = answer;
  askedAt = performance.now();
  const content = JSON.stringify([view.connected, view.now_playing?.uid, view.items.map((item) => item.uid)]);
  // Start times move on with the clock: now and then the same queue is drawn anew.
  const signature = `${content} ${Math.floor(Date.now() / 60_000)}`;
  if (signature !== drawn) {
    drawNow();
    drawQueue();
  }
  $("#away-note").hidden = view.connected;
  $("#apply-any").disabled = !view.connected;
  if (wasConnected !== view.connected) emit("connected", view.connected);
  if (content !== drawn.slice(0, content.length)) emit("queue-changed");
  drawn = signature;
}

async function look() {
  clearTimeout(timer);
  if (!can("read_queue")) return;
  try {
    if (!document.hidden) take(await get("/queue"));
    $("#stale-note").hidden = true;
  } catch {
    $("#stale-note").hidden = false;
  }
  clearTimeout(timer);
  timer = setTimeout(look, EVERY_MS);
}

export function startChannel() {
  on("session", (user) => {
    clearTimeout(timer);
    clearInterval(clockTimer);
    view = null;
    drawn = "";
    $("#away-note").hidden = true;
    $("#stale-note").hidden = true;
    if (user === null) return;
    clockTimer = setInterval(tick, 1000);
    look();
  });
  on("channel-stirred", look);
  on("tab", (name) => name === "channel" && look());
  document.addEventListener("visibilitychange", () => !document.hidden && look());
  $("#queue-all").addEventListener("click", () => ((all = true), drawQueue()));
}
