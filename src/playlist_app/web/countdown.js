/** A text that counts seconds down, without telling a screen reader every one of them. */

import { h } from "./dom.js";

/** Show `each(left)` in `element` every second, then `end`; buttons in `disables` wait. Answers how to stop. */
export function countdown(seconds, element, { each, end, disables = [] }) {
  const until = Date.now() + seconds * 1000;
  const line = h("p", { role: "timer" });
  const setDisabled = (disabled) => disables.forEach((button) => (button.disabled = disabled));
  const stop = () => {
    clearInterval(timer);
    setDisabled(false);
  };
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    line.textContent = left > 0 ? each(left) : end;
    if (left <= 0) stop();
  };
  const timer = setInterval(tick, 1000);
  element.replaceChildren(line);
  element.hidden = false;
  setDisabled(true);
  tick();
  return stop;
}
