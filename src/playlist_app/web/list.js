/** The working playlist itself: titles in order, where they come from, a copy that outlives a reload. */

import { emit } from "./bus.js";
import { toast } from "./toast.js";

const FIELDS = [
  "video_id",
  "title",
  "display_title",
  "duration_seconds",
  "season",
  "episode",
  "available",
  "unavailable_reason",
];

/** `id` and `version` name the saved playlist this one stands for; `baseline` is what was saved last. */
export const list = { items: [], name: "", id: null, version: null, savedName: "", baseline: "" };

let owner = null;
let keys = 0;
let complained = false;

const entry = (item) => ({
  ...Object.fromEntries(FIELDS.map((name) => [name, item[name] ?? null])),
  key: ++keys,
});

export const fingerprint = () => JSON.stringify([list.name.trim(), list.items.map((item) => item.video_id)]);

const EMPTY = JSON.stringify(["", []]);

export const dirty = () => fingerprint() !== (list.baseline || EMPTY);

function keep() {
  if (owner === null) return;
  try {
    localStorage.setItem(`kryten-playlist.list.${owner}`, JSON.stringify(list));
  } catch {
    if (!complained) toast("This browser does not keep unsaved changes over a reload.", { tone: "bad" });
    complained = true;
  }
}

function changed() {
  keep();
  emit("list", list);
}

/** Take up what `username` left unsaved in this browser. */
export function open(username) {
  if (owner === username) return;
  owner = username;
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem(`kryten-playlist.list.${owner}`)) ?? {};
  } catch {
    kept = {};
  }
  Object.assign(list, { items: [], name: "", id: null, version: null, savedName: "", baseline: "" }, kept);
  list.items = list.items.map(entry);
  emit("list", list);
}

export function close() {
  owner = null;
}

export function add(items) {
  list.items.push(...items.map(entry));
  changed();
}

export function move(from, to) {
  const end = list.items.length - 1;
  const place = Math.max(0, Math.min(end, to));
  if (from < 0 || from > end || from === place) return;
  list.items.splice(place, 0, ...list.items.splice(from, 1));
  changed();
}

export const placeOf = (key) => list.items.findIndex((item) => item.key === key);

/** Take a title out; the answer puts it back where it was. */
export function remove(key) {
  const place = placeOf(key);
  if (place < 0) return () => {};
  const [item] = list.items.splice(place, 1);
  changed();
  return () => {
    list.items.splice(Math.min(place, list.items.length), 0, item);
    changed();
  };
}

export function rename(name) {
  list.name = name;
  changed();
}

/** Put something else in place of the whole list; the answer brings the former one back. */
export function replace({ items, name = "", id = null, version = null, saved = false }) {
  const before = { ...list };
  Object.assign(list, {
    items: items.map(entry),
    name,
    id,
    version,
    savedName: saved ? name : "",
    baseline: "",
  });
  if (saved) list.baseline = fingerprint();
  changed();
  return () => {
    Object.assign(list, before);
    changed();
  };
}

/** Remember what was saved: `content` as it was sent, since the list may have changed meanwhile. */
export function markSaved({ id, version, name, content }) {
  Object.assign(list, { id, version, savedName: name, baseline: content });
  changed();
}

/** The saved playlist is gone; what stands here is now a list of its own. */
export function unlink() {
  Object.assign(list, { id: null, version: null, savedName: "", baseline: "" });
  changed();
}
