/** The marathon dialog: how the picked playlists are combined, with the result before anything is kept. */

import { get, post } from "./api.js";
import { on } from "./bus.js";
import { $, fill, h } from "./dom.js";
import { clearMix, label, mixed } from "./mix.js";
import { markPattern } from "./pattern.js";
import { present } from "./playlist.js";
import { drawPreview } from "./preview.js";
import { savedPlaylists } from "./saved.js";
import { known, learn } from "./titles.js";

const PAUSE_MS = 200;

const METHODS = [
  ["concatenate", "One after another"],
  ["shuffle", "Shuffled"],
  ["interleave", "Mixed by a pattern"],
];

let state = null;

const dialog = () => $("#marathon");

const labels = () => state.sources.map((_, place) => label(place));

/** The two ready patterns; the third is the one that is typed. */
const READY = {
  turn: () => labels().join(" "),
  twos: () => labels().map((each) => `${each}2`).join(" "),
};

function radio(group, value, text, checked, onchange) {
  return h("label", { class: "choice" }, h("input", { type: "radio", name: group, value, checked, onchange }), h("span", {}, text));
}

function methodForm() {
  const choose = (value) => () => {
    state.method = value;
    $("#shuffle-form").hidden = value !== "shuffle";
    $("#pattern-form").hidden = value !== "interleave";
    soon(0);
  };
  return h("fieldset", {}, h("legend", {}, "How"),
    h("div", { class: "row" }, ...METHODS.map(([value, text]) => radio("method", value, text, value === state.method, choose(value)))));
}

function shuffleForm() {
  const seed = h("input", { id: "seed", autocomplete: "off", spellcheck: false, autocapitalize: "none",
    oninput: (event) => ((state.seed = event.target.value.trim() || null), soon()) });
  const again = h("button", { type: "button", onclick: () => ((state.seed = null), soon(0)) }, "Shuffle again");
  return h("div", { id: "shuffle-form", hidden: true },
    h("label", { for: "seed" }, "Seed (the same seed gives the same order again)"),
    h("div", { class: "row nowrap" }, seed, again));
}

function patternForm() {
  const field = h("input", { id: "pattern", class: "code", autocomplete: "off", spellcheck: false, autocapitalize: "characters",
    value: READY.turn(), "aria-describedby": "pattern-problem", oninput: (event) => {
      state.pattern = event.target.value;
      $("input[name=ready][value=own]").checked = true;
      soon();
    } });
  state.pattern = field.value;
  const ready = (kind) => () => {
    if (READY[kind]) field.value = state.pattern = READY[kind]();
    else field.focus();
    soon(0);
  };
  return h("div", { id: "pattern-form", hidden: true },
    h("div", { class: "row" },
      radio("ready", "turn", "One of each in turn", true, ready("turn")),
      radio("ready", "twos", "Two of each", false, ready("twos")),
      radio("ready", "own", "My own pattern", false, ready("own"))),
    h("label", { for: "pattern" }, "Pattern: a source and how many of it, repeated to the end, for example A2B1"),
    field,
    h("div", { id: "pattern-problem", class: "problem", role: "alert", hidden: true }));
}

function sourceList() {
  return h("ol", { class: "sources" }, ...state.sources.map((source, place) =>
    h("li", {}, h("span", { class: "badge source" }, label(place)), " ", source.name)));
}

function order() {
  return {
    sources: state.sources.map((source) => ({ type: "playlist", playlist_id: source.playlist_id })),
    method: state.method,
    shuffle_seed: state.method === "shuffle" ? state.seed : null,
    interleave_pattern: state.method === "interleave" ? state.pattern : null,
    preserve_episode_order: state.keep,
  };
}

function soon(pause = PAUSE_MS) {
  clearTimeout(state.timer);
  state.timer = setTimeout(preview, pause);
}

async function preview() {
  state.running?.abort();
  const controller = (state.running = new AbortController());
  try {
    show(await post("/marathons/preview", order(), { signal: controller.signal }));
  } catch (error) {
    if (error.name !== "AbortError" && state.running === controller) refused(error);
  }
}

function show(result) {
  state.result = result;
  if (result.seed !== null && state.method === "shuffle") {
    state.seed = result.seed;
    if (document.activeElement !== $("#seed")) $("#seed").value = result.seed;
  }
  markPattern(null);
  drawPreview($("#preview"), result);
  $("#take").disabled = result.items.length === 0;
}

/** What was right before stays out of sight, so that nobody takes another order than the one asked for. */
function refused(error) {
  state.result = null;
  $("#take").disabled = true;
  if (error.code === "bad_pattern") {
    markPattern(error, state.pattern);
    $("#preview").replaceChildren(h("p", { class: "empty" }, "The preview comes back when the pattern can be read."));
  } else {
    markPattern(null);
    fill($("#preview"), h("p", { class: "problem" }, error.message));
  }
}

function take() {
  const items = state.result.items.map((item) => ({ display_title: item.title, ...item, ...known(item.video_id) }));
  const name = state.sources.map((source) => source.name).join(" + ");
  dialog().close();
  clearMix();
  present({ items, name: name.length > 100 ? `${name.slice(0, 99)}…` : name }, `The marathon is your working playlist now, not saved yet.`);
}

async function open() {
  const picked = mixed();
  const sources = picked.map((id) => savedPlaylists().find((playlist) => playlist.playlist_id === id));
  state = { sources, method: "concatenate", seed: null, pattern: "", keep: true, result: null, timer: null, running: null };
  const keep = h("input", { type: "checkbox", checked: true, onchange: (event) => ((state.keep = event.target.checked), soon(0)) });
  dialog().replaceChildren(
    h("div", { class: "row spread" }, h("h2", { id: "marathon-title" }, "Marathon"),
      h("button", { type: "button", class: "quiet", onclick: () => dialog().close() }, "Close")),
    h("div", { class: "scroll" }, sourceList(), methodForm(), shuffleForm(), patternForm(),
      h("label", { class: "choice" }, keep, h("span", {}, "Keep the episodes of each series in order")),
      h("div", { id: "preview", "aria-live": "polite" })),
    h("div", { class: "row actions" },
      h("button", { id: "take", type: "button", class: "primary", disabled: true, onclick: take }, "Take it as working playlist")),
  );
  dialog().showModal();
  await names(picked);
  await preview();
}

/** The preview names titles as the site does; the playlists know their readable names. */
async function names(ids) {
  const answers = await Promise.allSettled(ids.map((id) => get(`/playlists/${id}`)));
  for (const answer of answers) if (answer.status === "fulfilled") learn(answer.value.items);
}

export function startMarathon() {
  on("marathon", open);
  on("session", (user) => user === null && dialog().close());
}
