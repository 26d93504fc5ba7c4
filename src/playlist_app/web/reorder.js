/** Putting rows in another order by their handles: mouse and finger (Pointer Events), and keys. */

import { announce } from "./dom.js";

const SLOP_PX = 4;
const EDGE_PX = 64;
const STEP_PX = 14;

function scrollerOf(element) {
  for (let at = element; at && at !== document.body; at = at.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(at).overflowY) && at.scrollHeight > at.clientHeight) return at;
  }
  return document.scrollingElement;
}

/** What a drag needs to know of the rows before it begins. */
function measure(ol, row) {
  const rows = [...ol.children];
  const boxes = rows.map((each) => each.getBoundingClientRect());
  const middles = boxes.map((box) => box.top + box.height / 2);
  const from = rows.indexOf(row);
  return { rows, middles, from, to: from, height: boxes[from].height };
}

/** Where the dragged row would land, its middle being `dy` from where it was. */
function landing({ middles, from }, dy) {
  const middle = middles[from] + dy;
  let to = from;
  while (to + 1 < middles.length && middle > middles[to + 1]) to += 1;
  while (to > 0 && middle < middles[to - 1]) to -= 1;
  return to;
}

function show(drag, dy) {
  const { rows, from, to, height } = drag;
  rows.forEach((row, place) => {
    const shift = place > from && place <= to ? -height : place < from && place >= to ? height : 0;
    row.style.transform = place === from ? `translateY(${dy}px)` : shift ? `translateY(${shift}px)` : "";
  });
}

function clear(drag) {
  for (const row of drag.rows) row.style.transform = "";
  drag.rows[drag.from].classList.remove("dragged");
  drag.rows[0].parentElement.classList.remove("dragging");
}

/** Drags by pointer; one at a time. */
function byPointer(ol, { keyOf, place, count, name, move }) {
  let drag = null;

  const distance = () => drag.y - drag.startY + drag.scroller.scrollTop - drag.startScroll;

  function follow() {
    const dy = distance();
    drag.to = landing(drag, dy);
    show(drag, dy);
  }

  function roll() {
    if (!drag?.moved) return;
    const box =
      drag.scroller === document.scrollingElement
        ? { top: 0, bottom: innerHeight }
        : drag.scroller.getBoundingClientRect();
    const step = drag.y < box.top + EDGE_PX ? -STEP_PX : drag.y > box.bottom - EDGE_PX ? STEP_PX : 0;
    if (step) {
      drag.scroller.scrollTop += step;
      follow();
    }
    drag.frame = requestAnimationFrame(roll);
  }

  function finish(drop) {
    if (!drag) return;
    const { from, to, moved, key, frame } = drag;
    cancelAnimationFrame(frame);
    if (moved) clear(drag);
    drag = null;
    if (!moved || !drop || from === to) return;
    move(from, to);
    announce(`${name(key)}: position ${place(key) + 1} of ${count()}.`);
  }

  ol.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest(".handle");
    if (!handle || event.button !== 0 || drag) return;
    const row = handle.closest("li");
    const scroller = scrollerOf(ol);
    handle.setPointerCapture(event.pointerId);
    drag = {
      ...measure(ol, row),
      key: keyOf(row),
      scroller,
      startY: event.clientY,
      y: event.clientY,
      startScroll: scroller.scrollTop,
      moved: false,
      frame: 0,
    };
  });
  ol.addEventListener("pointermove", (event) => {
    if (!drag) return;
    drag.y = event.clientY;
    if (!drag.moved) {
      if (Math.abs(drag.y - drag.startY) < SLOP_PX) return;
      drag.moved = true;
      drag.rows[drag.from].classList.add("dragged");
      ol.classList.add("dragging");
      roll();
    }
    follow();
  });
  ol.addEventListener("pointerup", () => finish(true));
  ol.addEventListener("pointercancel", () => finish(false));
  ol.addEventListener("contextmenu", (event) => event.target.closest(".handle") && event.preventDefault());
  document.addEventListener("keydown", (event) => event.key === "Escape" && finish(false));
}

/** Space or Enter lifts and drops, arrows, Home and End move, Escape puts back. */
function byKeys(ol, { keyOf, place, count, name, move }) {
  let lifted = null;
  let moving = false;

  const where = (key) => `position ${place(key) + 1} of ${count()}`;

  function drop(said) {
    lifted.handle.setAttribute("aria-pressed", "false");
    announce(`${name(lifted.key)}: ${said}, ${where(lifted.key)}.`);
    lifted = null;
  }

  function shift(to) {
    moving = true;
    move(place(lifted.key), to);
    moving = false;
    lifted.handle.scrollIntoView({ block: "nearest" });
  }

  function whileLifted(event) {
    const at = place(lifted.key);
    const targets = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: count() - 1 };
    if (event.key in targets) {
      shift(targets[event.key]);
      announce(where(lifted.key));
    } else if (event.key === "Escape") {
      shift(lifted.origin);
      drop("put back");
    } else if (event.key === " " || event.key === "Enter") {
      drop("dropped");
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  ol.addEventListener("keydown", (event) => {
    if (lifted) return whileLifted(event);
    const handle = event.target.closest(".handle");
    if (!handle || (event.key !== " " && event.key !== "Enter")) return undefined;
    event.preventDefault();
    const key = keyOf(handle.closest("li"));
    lifted = { handle, key, origin: place(key) };
    handle.setAttribute("aria-pressed", "true");
    return announce(`${name(key)} lifted, ${where(key)}. Arrow keys move it.`);
  });
  // The browser takes the focus away while a row changes places; only a real departure drops it.
  ol.addEventListener("focusout", () => lifted && !moving && drop("dropped"));
}

/** `rows` tells of the rows by key, `keyOf(row)`, `place(key)`, `count()`, `name(key)`, and has `move(from, to)`. */
export function reorderable(ol, rows) {
  byPointer(ol, rows);
  byKeys(ol, rows);
}
