/** How the parts of the page hear of each other. */

const target = new EventTarget();

export const emit = (name, detail) => target.dispatchEvent(new CustomEvent(name, { detail }));

export const on = (name, listener) => target.addEventListener(name, (event) => listener(event.detail));
