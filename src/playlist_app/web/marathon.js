/** The marathon dialog: how the picked playlists are combined, with the result before anything is kept. */

import { post } from "./api.js";
import { on } from "./bus.js";
import { $, announce, fill, h } from "./dom.js";
import { total } from "./format.js";
import { clearMix, label, mixed } from "./mix.js";
import { markPattern } from "./pattern.js";
import { present } from "./playlist.js";
import { drawPreview } from "./preview.js";
import { savedPlaylists } from "./saved.js";

const PAUSE_MS = 200;
const NAME_MOST = 100;

let sources = [];
let result = null;
let running = null;
let timer = null;

const form = () => $("#mix-form");
const method = () => form().elements.method.value;

/** The two ready patterns; the third is the one that is typed. */
function readyPattern(kind) {
  const count = { turn: "", twos: "2" }[kind];
  return sources.map((_, place) => label(place) + count).join(" ");
}

/** What the form asks for, as the service takes it. */
function order() {
  const { seed, pattern, keep } = form().elements;
  return {
    sources: sources.map((source) => ({ type: "playlist", playlist_id: source.playlist_id })),
    method: method(),
    shuffle_seed: method() === "shuffle" ? seed.value.trim() || null : null,
    interleave_pattern: method() === "interleave" ? pattern.value : null,
    preserve_episode_order: keep.checked,
  };
}

function soon(pause) {
  clearTimeout(timer);
  timer = setTimeout(preview, pause);
}

async function preview() {
  running?.abort();
  const controller = (running = new AbortController());
  try {
    show(await post("/marathons/preview", order(), { signal: controller.signal }));
  } catch (error) {
    if (error.name !== "AbortError" && running === controller) refused(error);
  }
}

function show(answer) {
  result = answer;
  const { seed } = form().elements;
  if (method() === "shuffle" && document.activeElement !== seed) seed.value = answer.seed;
  markPattern(null);
  drawPreview($("#preview"), answer);
  announce(`Preview: ${total(answer.items.length, answer.total_duration_seconds, answer.unknown_durations)}`);
  $("#take").disabled = answer.items.length === 0;
}

/** What was right before goes out of sight, so that nobody takes another order than the one asked for. */
function refused(error) {
  result = null;
  $("#take").disabled = true;
  if (error.code === "bad_pattern") {
    markPattern(error, form().elements.pattern.value);
    fill($("#preview"), h("p", { class: "empty" }, "The preview comes back when the pattern can be read."));
  } else {
    markPattern(null);
    fill($("#preview"), h("p", { class: "problem" }, error.message));
  }
}

function take() {
  const name = sources.map((source) => source.name).join(" + ");
  const short = name.length > NAME_MOST ? `${name.slice(0, NAME_MOST - 1)}…` : name;
  $("#marathon").close();
  clearMix();
  present({ items: result.items, name: short }, "The marathon is your working playlist now, not saved yet.");
}

function open() {
  sources = mixed().map((id) => savedPlaylists().find((playlist) => playlist.playlist_id === id));
  form().reset();
  form().elements.ready.value = "turn";
  form().elements.pattern.value = readyPattern("turn");
  const named = (source, place) =>
    h("li", {}, h("span", { class: "badge source" }, label(place)), " ", source.name);
  $("#mix-sources").replaceChildren(...sources.map(named));
  $("#preview").replaceChildren();
  $("#take").disabled = true;
  showForms();
  $("#marathon").showModal();
  preview();
}

function showForms() {
  $("#shuffle-form").hidden = method() !== "shuffle";
  $("#pattern-form").hidden = method() !== "interleave";
}

/** One listener for everything in the form: radios, the box, typing. */
function edited(event) {
  const { name, value, type } = event.target;
  const { pattern, ready } = form().elements;
  if (name === "method") showForms();
  if (name === "pattern") ready.value = "own";
  if (name === "ready" && value === "own") pattern.focus();
  else if (name === "ready") pattern.value = readyPattern(value);
  soon(type === "text" ? PAUSE_MS : 0);
}

function reshuffle() {
  form().elements.seed.value = "";
  soon(0);
}

export function startMarathon() {
  on("marathon", open);
  on("session", (user) => user === null && $("#marathon").close());
  form().addEventListener("input", edited);
  form().addEventListener("submit", (event) => event.preventDefault());
  $("#reshuffle").addEventListener("click", reshuffle);
  $("#take").addEventListener("click", take);
  $("#marathon-close").addEventListener("click", () => $("#marathon").close());
}
