/** Short notes at the lower edge, with a way back where something was taken away. */

import { $, bringForward, h } from "./dom.js";

const STAYS_MS = 9000;
const SAID_MS = 4000;

const toasts = $("#toasts");

/** Show `text`; `undo` is offered as a button and runs at most once. */
export function toast(text, { undo, tone = "" } = {}) {
  const leave = () => note.remove();
  const note = h("div", { class: `toast ${tone}` }, h("span", {}, text));
  bringForward(toasts);
  toasts.append(note);
  while (toasts.children.length > 2) toasts.firstChild.remove();
  // What is only said gets out of the way by itself, and lets a finger through meanwhile.
  if (!undo && !tone) return setTimeout(leave, SAID_MS);
  note.classList.add("stays");
  if (undo) note.append(h("button", { type: "button", onclick: () => (leave(), undo()) }, "Undo"));
  note.append(h("button", { type: "button", class: "quiet", "aria-label": "Close this note", onclick: leave }, "×"));
  let timer = setTimeout(leave, STAYS_MS);
  const hold = () => clearTimeout(timer);
  const release = () => (hold(), (timer = setTimeout(leave, STAYS_MS)));
  note.addEventListener("pointerenter", hold);
  note.addEventListener("focusin", hold);
  note.addEventListener("pointerleave", release);
  note.addEventListener("focusout", release);
  return timer;
}

/** What went wrong, in the service's words; an aborted request is nothing to talk about. */
export function complain(error) {
  if (error.name === "AbortError" || error.code === "not_signed_in") return;
  toast(error.message, { tone: "bad" });
}
