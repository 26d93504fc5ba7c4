/** Finding and making elements. Text from the server only ever becomes text nodes. */

export const $ = (selector, root = document) => root.querySelector(selector);

/** An element; `on…` are listeners, known properties are set as such, all else as attributes. */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name in element && typeof element[name] !== "object") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** Show `children` in `element`, or hide it when there are none. */
export function fill(element, ...children) {
  const shown = children.flat().filter(Boolean);
  element.replaceChildren(...shown);
  element.hidden = shown.length === 0;
}

/** Bring `element` before the dialog that is open: what is behind it can neither be read nor pressed. */
export function bringForward(element) {
  const front = $("dialog[open]") ?? document.body;
  if (element.parentElement !== front) front.append(element);
}

const live = $("#live");

/** Say something to a screen reader, at once. */
export function announce(text) {
  bringForward(live);
  live.textContent = text;
}

/** Run `work` while `button` cannot be pressed a second time. */
export async function busy(button, work) {
  if (button.getAttribute("aria-busy") === "true") return undefined;
  button.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    button.removeAttribute("aria-busy");
  }
}
