/** The saved playlists: what they hold, opening, deleting with a way back, and picking them for a marathon. */

import { del, get, post } from "./api.js";
import { drawBin } from "./bin.js";
import { emit, on } from "./bus.js";
import { $, busy, fill, h } from "./dom.js";
import { counted, timeOfDay, total } from "./format.js";
import { list, markSaved, unlink } from "./list.js";
import { clearMix, labelOf, mixed, pruneMix, toggleMix } from "./mix.js";
import { present } from "./playlist.js";
import { can } from "./session.js";
import { complain, toast } from "./toast.js";

let playlists = [];

export const savedPlaylists = () => playlists;

async function loadSaved() {
  try {
    playlists = (await get("/playlists")).playlists;
  } catch (error) {
    return complain(error);
  }
  pruneMix(playlists.map((playlist) => playlist.playlist_id));
  draw();
  emit("saved", playlists);
  return $("#bin").open ? loadBin() : undefined;
}

async function loadBin() {
  try {
    drawBin((await get("/playlists?deleted=true")).playlists, { canEdit: can("edit_playlists"), restore });
  } catch (error) {
    complain(error);
  }
}

async function openPlaylist(id) {
  try {
    const playlist = await get(`/playlists/${id}`);
    present(
      { items: playlist.items, name: playlist.name, id, version: playlist.version, saved: true },
      `Opened “${playlist.name}”.`,
    );
    draw();
  } catch (error) {
    complain(error);
    if (error.status === 404) await loadSaved();
  }
}

async function remove(playlist) {
  const { playlist_id: id, name, version } = playlist;
  const link = list.id === id ? { id, name: list.savedName, content: list.baseline } : null;
  try {
    await del(`/playlists/${id}`, { headers: { "If-Match": `"${version}"` } });
  } catch (error) {
    complain(error);
    return loadSaved();
  }
  if (link) unlink();
  toast(`Deleted “${name}”. It can be restored for 30 days.`, { undo: () => restore(playlist, link) });
  return loadSaved();
}

async function restore({ playlist_id: id, version, name }, link = null) {
  try {
    const back = await post(`/playlists/${id}/restore`, { version });
    if (link && list.id === null) markSaved({ ...link, version: back.version });
    toast(`“${name}” is back.`);
  } catch (error) {
    complain(error);
  }
  return loadSaved();
}

function buttons(playlist) {
  const { playlist_id: id, name } = playlist;
  const button = (text, label, work, more = {}) => {
    const element = h("button", { type: "button", "aria-label": `${label} ${name}`, ...more }, text);
    element.addEventListener("click", () => busy(element, work));
    return element;
  };
  const found = [button(can("edit_playlists") ? "Open" : "Look inside", "Open", () => openPlaylist(id))];
  if (can("apply")) found.push(button("Apply…", "Apply", () => emit("apply", { playlistId: id })));
  if (can("preview_marathon")) {
    const label = labelOf(id);
    found.push(
      button(
        label ? `✓ ${label}` : "Marathon",
        label ? "Do not use in the marathon:" : "Use in a marathon:",
        () => toggleMix(id),
        { "aria-pressed": String(Boolean(label)), class: "mix-toggle" },
      ),
    );
  }
  if (can("edit_playlists"))
    found.push(button("Delete", "Delete", () => remove(playlist), { class: "quiet" }));
  return found;
}

function row(playlist) {
  const { item_count: count, duration_seconds: seconds, unknown_durations: unknown } = playlist;
  return h(
    "li",
    { class: "saved", "data-id": playlist.playlist_id },
    h(
      "p",
      { class: "title" },
      playlist.name,
      " ",
      list.id === playlist.playlist_id && h("span", { class: "badge" }, "open"),
    ),
    h(
      "p",
      { class: "muted" },
      `${total(count, seconds, unknown)} · ${playlist.updated_by}, ${timeOfDay(playlist.updated_at)}`,
    ),
    h("div", { class: "row" }, ...buttons(playlist)),
  );
}

function draw() {
  const focus = document.activeElement?.closest("#saved-list")
    ? document.activeElement.getAttribute("aria-label")
    : null;
  const place = [...document.querySelectorAll("#saved-list button")].indexOf(document.activeElement);
  $("#saved-list").replaceChildren(...playlists.map(row));
  if (focus !== null) document.querySelectorAll("#saved-list button")[place]?.focus();
  fill($("#saved-empty"), ...(playlists.length ? [] : ["No playlist is saved yet."]));
  const count = mixed().length;
  $("#mix-bar").hidden = count === 0;
  $("#mix").textContent = `Marathon of ${counted(count, "playlist")}…`;
}

export function startSaved() {
  on("session", (user) => {
    if (user === null) playlists = [];
    return user === null ? clearMix() : loadSaved();
  });
  on("saved-changed", loadSaved);
  on("mix", draw);
  on("tab", (name) => name === "saved" && loadSaved());
  on("list", () => {
    const open = $("#saved-list .badge")?.closest("li").getAttribute("data-id") ?? null;
    if (open !== list.id) draw();
  });
  document.addEventListener(
    "visibilitychange",
    () => !document.hidden && can("read_playlists") && loadSaved(),
  );
  $("#bin").addEventListener("toggle", () => $("#bin").open && loadBin());
  $("#mix").addEventListener("click", () => emit("marathon"));
  $("#mix-clear").addEventListener("click", clearMix);
}
