/** Short notes at the lower edge, with a way back where something was taken away. */

import { on } from "./bus.js";
import { $, bringForward, h } from "./dom.js";

const STAYS_MS = 9000;
const SAID_MS = 4000;
const MOST = 2;

const toasts = $("#toasts");

/** Gone after a while, but not from under a pointer or the focus. */
function leaveLater(note) {
  let timer = null;
  const hold = () => clearTimeout(timer);
  const release = () => {
    hold();
    timer = setTimeout(() => note.remove(), STAYS_MS);
  };
  for (const name of ["pointerenter", "focusin"]) note.addEventListener(name, hold);
  for (const name of ["pointerleave", "focusout"]) note.addEventListener(name, release);
  release();
}

/** Show `text`; `undo` is offered as a button and runs at most once. */
export function toast(text, { undo, tone = "" } = {}) {
  const note = h("div", { class: `toast ${tone}` }, h("span", {}, text));
  const button = (label, work, more) =>
    h("button", { type: "button", onclick: () => (note.remove(), work?.()), ...more }, label);
  bringForward(toasts);
  toasts.append(note);
  while (toasts.children.length > MOST) toasts.firstChild.remove();
  if (undo || tone) {
    note.classList.add("stays");
    if (undo) note.append(button("Undo", undo));
    note.append(button("×", null, { class: "quiet", "aria-label": "Close this note" }));
    leaveLater(note);
  } else {
    // What is only said gets out of the way by itself, and lets a finger through meanwhile.
    setTimeout(() => note.remove(), SAID_MS);
  }
}

/** Whoever comes next has no business with what is said here, and cannot undo it. */
export function startToasts() {
  on("session", (user) => user === null && toasts.replaceChildren());
}

/** What went wrong, in the service's words; an aborted request is nothing to talk about. */
export function complain(error) {
  if (error.name === "AbortError" || error.code === "not_signed_in") return;
  toast(error.message, { tone: "bad" });
}
