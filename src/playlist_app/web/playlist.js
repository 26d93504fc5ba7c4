/** The working playlist on the page: its rows, its length, its buttons. */

import { emit, on } from "./bus.js";
import { $, announce, busy } from "./dom.js";
import { counted, total } from "./format.js";
import { close, dirty, list, move, open, placeOf, remove, rename, replace } from "./list.js";
import { makeRow } from "./listrow.js";
import { reorderable } from "./reorder.js";
import { save, startSaving } from "./saving.js";
import { can } from "./session.js";
import { toast } from "./toast.js";

const rows = new Map();

function sums() {
  const known = list.items.filter((item) => item.duration_seconds !== null);
  return {
    seconds: known.reduce((sum, item) => sum + item.duration_seconds, 0),
    unknown: list.items.length - known.length,
  };
}

/** Move elements only where the order differs, so that focus and open tools stay where they are. */
function arrange(elements) {
  const ol = $("#list");
  const focused = document.activeElement;
  const wanted = new Set(elements);
  for (const child of [...ol.children]) if (!wanted.has(child)) child.remove();
  elements.forEach((element, place) => {
    if (ol.children[place] !== element) ol.insertBefore(element, ol.children[place] ?? null);
  });
  if (focused && focused !== document.activeElement && ol.contains(focused))
    focused.focus({ preventScroll: true });
}

function drawRows() {
  const present = new Set(list.items.map((item) => item.key));
  for (const key of [...rows.keys()]) if (!present.has(key)) rows.delete(key);
  let offset = 0;
  const elements = list.items.map((item, place) => {
    if (!rows.has(item.key))
      rows.set(item.key, makeRow(item, { canEdit: can("edit_playlists"), moveTo, takeOut }));
    const row = rows.get(item.key);
    row.update(place, list.items.length, offset);
    offset += item.duration_seconds ?? 0;
    return row.element;
  });
  arrange(elements);
}

function draw() {
  drawRows();
  const { seconds, unknown } = sums();
  const count = list.items.length;
  $("#list-total").textContent = count ? total(count, seconds, unknown) : "";
  $("#tab-count").textContent = count || "";
  if ($("#list-name").value !== list.name) $("#list-name").value = list.name;
  $("#list-name-shown").textContent = list.name;
  $("#list-empty").hidden = count > 0;
  $("#list-empty").textContent = can("edit_playlists")
    ? "Nothing here yet. Add titles from the search, open a saved playlist, or mix a marathon."
    : "Open a saved playlist to look at it here.";
  $("#dirty").hidden = !dirty() || !can("edit_playlists");
  $("#save").disabled = !dirty() && list.id !== null;
  $("#save-new").hidden = list.id === null;
  const renames = list.id !== null && list.name.trim() !== list.savedName && list.name.trim() !== "";
  $("#rename-note").hidden = !renames;
  $("#rename-note").textContent = renames ? `Save renames “${list.savedName}”; “Save as new” keeps it.` : "";
  $("#apply-list").textContent = dirty() ? "Save & apply…" : "Apply…";
  $("#new-list").hidden = count === 0 && list.id === null;
  $("#apply-list").disabled = count === 0;
}

function moveTo(key, to) {
  const from = placeOf(key);
  const item = list.items[from];
  move(from, to);
  announce(`${item.display_title}: position ${placeOf(key) + 1} of ${list.items.length}.`);
  rows.get(key)?.element.scrollIntoView({ block: "nearest" });
}

function takeOut(key) {
  const place = placeOf(key);
  const title = list.items[place].display_title;
  const undo = remove(key);
  toast(`Removed “${title}”.`, { undo });
  const next = rows.get(list.items[Math.min(place, list.items.length - 1)]?.key);
  (next ? $(".remove", next.element) : $("#list-name")).focus({ preventScroll: true });
}

/** Put `content` here; what stood here unsaved can be brought back. */
export function present(content, said) {
  const lost = dirty() && list.items.length > 0;
  const undo = replace(content);
  if (lost) toast(`${said} Your unsaved list was put aside.`, { undo });
  else announce(said);
  emit("show-tab", "playlist");
  $("#playlist .scroll").scrollTop = 0;
}

function startNew() {
  const had = list.items.length;
  const undo = replace({ items: [] });
  if (had) toast(`Began a new list; the former one had ${counted(had, "title")}.`, { undo });
  $("#list-name").focus();
}

async function saveAndApply() {
  if (dirty() || list.id === null) {
    if (!(await save())) return;
  }
  emit("apply", { playlistId: list.id });
}

function signedIn(user) {
  rows.clear();
  if (user === null) close();
  else open(user.username);
  draw();
}

export function startPlaylist() {
  startSaving();
  on("session", signedIn);
  on("list", draw);
  $("#list-name").addEventListener("input", (event) => rename(event.target.value));
  $("#list-name").addEventListener("keydown", (event) => event.key === "Enter" && busy($("#save"), save));
  $("#save").addEventListener("click", () => busy($("#save"), save));
  $("#save-new").addEventListener("click", () => busy($("#save-new"), () => save({ asNew: true })));
  $("#apply-list").addEventListener("click", () => busy($("#apply-list"), saveAndApply));
  $("#new-list").addEventListener("click", startNew);
  reorderable($("#list"), {
    keyOf: (row) => Number(row.getAttribute("data-key")),
    place: placeOf,
    count: () => list.items.length,
    name: (key) => list.items[placeOf(key)]?.display_title ?? "",
    move,
  });
}
