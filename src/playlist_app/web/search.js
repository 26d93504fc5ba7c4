/** Search as you type: the latest question wins, older ones are called off. */

import { get } from "./api.js";
import { emit, on } from "./bus.js";
import { category } from "./categories.js";
import { $, announce, fill, h } from "./dom.js";
import { chosen, clearFilters, loadCategories, matchAll, setFilters, startFilters } from "./filters.js";
import { counted } from "./format.js";
import { add, list } from "./list.js";
import { resultRow } from "./result.js";
import { can } from "./session.js";
import { complain } from "./toast.js";

const PAUSE_MS = 120;
const PAGE = 50;

const state = {
  items: [],
  total: 0,
  snapshot: null,
  corrected: null,

  running: null,
  timer: null,
  answered: null,
};

const words = () => $("#q").value.trim();

function question(offset) {
  const parameters = new URLSearchParams({ q: words(), limit: PAGE, offset });
  for (const name of chosen()) parameters.append("category", name);
  if (matchAll()) parameters.set("match", "all");
  if (offset && state.snapshot) parameters.set("snapshot_id", state.snapshot);
  return parameters;
}

/** Ask now; resolves when this answer, or a later one, is on the page. */
function ask(offset = 0) {
  clearTimeout(state.timer);
  state.running?.abort();
  const controller = new AbortController();
  state.running = controller;
  const parameters = question(offset);
  state.answered = get(`/catalog/search?${parameters}`, { signal: controller.signal })
    .then((page) => state.running === controller && take(page, offset))
    .catch((error) => state.running === controller && failed(error));
  return state.answered;
}

function soon() {
  clearTimeout(state.timer);
  state.timer = setTimeout(ask, PAUSE_MS);
}

function take(page, offset) {
  // A catalogue refreshed in between answers with another snapshot: its pages would not fit to ours.
  if (offset && page.snapshot_id !== state.snapshot) return ask();
  state.items = offset ? [...state.items, ...page.items] : page.items;
  Object.assign(state, { total: page.total, snapshot: page.snapshot_id, corrected: page.corrected });
  remember();
  draw(offset);
  return undefined;
}

function failed(error) {
  if (error.name === "AbortError") return;
  $("#results").replaceChildren();
  $("#more").hidden = $("#add-shown").hidden = true;
  state.items = [];
  $("#search-summary").textContent = "";
  fill(
    $("#search-empty"),
    h("p", {}, error.message),
    h("button", { type: "button", onclick: () => ask() }, "Try again"),
  );
}

function remember() {
  const parameters = new URLSearchParams();
  if (words()) parameters.set("q", words());
  for (const name of chosen()) parameters.append("category", name);
  const query = parameters.toString();
  history.replaceState(null, "", `${location.pathname}${query ? `?${query}` : ""}${location.hash}`);
}

function summary() {
  if (state.total === 0) return "";
  const shown = state.items.length < state.total ? `, ${state.items.length} shown` : "";
  const found = `${counted(state.total, "title")}${shown}`;
  if (state.corrected === null) return found;
  return `Nothing matches “${state.corrected.from}”; these match “${state.corrected.to}”: ${found}`;
}

function draw(offset) {
  const rows = state.items
    .slice(offset)
    .map((item) => resultRow(item, { canEdit: can("edit_playlists"), addOne }));
  if (offset) $("#results").append(...rows);
  else $("#results").replaceChildren(...rows);
  $("#search-summary").textContent = summary();
  $("#more").hidden = state.items.length >= state.total;
  const addable = state.items.filter((item) => item.available).length;
  $("#add-shown").hidden = addable < 2;
  $("#add-shown").textContent = `Add all ${addable} shown`;
  fill($("#search-empty"), ...(state.total ? [] : waysOut()));
  if (!offset) $("#search .scroll").scrollTop = 0;
  marks();
}

/** Why nothing was found, and buttons that lead on. */
function waysOut() {
  const names = chosen().map(category);
  const within = names.length ? ` in ${names.join(matchAll() ? " and " : " or ")}` : "";
  const button = (text, onclick) => h("button", { type: "button", onclick }, text);
  return [
    h("p", {}, words() ? `No title has all of “${words()}”${within}.` : `There is no title${within}.`),
    names.length > 1 &&
      matchAll() &&
      button("Accept any of the categories", () => setFilters({ all: false })),
    names.length > 0 && button("Search in all categories", clearFilters),
    words() && button("Clear the words", () => (($("#q").value = ""), $("#q").focus(), ask())),
  ];
}

function addOne(item) {
  add([item]);
  announce(`Added ${item.display_title}, now ${counted(list.items.length, "title")}.`);
}

function addShown() {
  const items = state.items.filter((item) => item.available);
  add(items);
  announce(`Added ${counted(items.length, "title")}.`);
}

/** Enter adds the first title. A touch keyboard calls that key "search": there it clears the view. */
async function addFirst(event) {
  event.preventDefault();
  if (matchMedia("(pointer: coarse)").matches) return $("#q").blur();
  if (!can("edit_playlists")) return undefined;
  await ask();
  const first = state.items.find((item) => item.available);
  if (words() && first) addOne(first);
  return undefined;
}

/** Which results stand in the working playlist already, and how often. */
function marks() {
  const counts = new Map();
  for (const item of list.items) counts.set(item.video_id, (counts.get(item.video_id) ?? 0) + 1);
  for (const row of $("#results").children) {
    const times = counts.get(row.getAttribute("data-id")) ?? 0;
    const mark = $(".in-list", row);
    if (mark)
      mark.textContent = times === 0 ? "" : times === 1 ? "in the list" : `in the list ${times} times`;
  }
}

function hotkey(event) {
  const typing = event.target.closest("input, textarea, select, dialog");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey || !can("search_catalog"))
    return;
  event.preventDefault();
  emit("show-tab", "search");
  $("#q").focus();
  $("#q").select();
}

async function signedIn(user) {
  if (user === null) return state.running?.abort();
  try {
    await loadCategories();
  } catch (error) {
    complain(error);
  }
  return ask();
}

export function startSearch() {
  const asked = new URLSearchParams(location.search);
  $("#q").value = asked.get("q") ?? "";
  startFilters(asked.getAll("category"), () => ask());
  $("#q").addEventListener("input", soon);
  $("#search-form").addEventListener("submit", addFirst);
  $("#more").addEventListener("click", () => ask(state.items.length));
  $("#add-shown").addEventListener("click", addShown);
  document.addEventListener("keydown", hotkey);
  on("session", signedIn);
  on("list", marks);
}
