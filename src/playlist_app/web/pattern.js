/** A pattern that cannot be read, with the offending character marked. */

import { $, fill, h } from "./dom.js";

/** Show what is wrong in the pattern form; null takes it away. */
export function markPattern(error, text = "") {
  const field = $("#pattern");
  if (error === null) {
    field.removeAttribute("aria-invalid");
    return fill($("#pattern-problem"));
  }
  field.setAttribute("aria-invalid", "true");
  const { position, token, examples = [] } = error.details;
  const length = Math.max(1, text.startsWith(token, position) ? token.length : 1);
  const marked = h(
    "p",
    { class: "code marked" },
    text.slice(0, position),
    h("mark", {}, text.slice(position, position + length) || "␣"),
    text.slice(position + length),
  );
  return fill(
    $("#pattern-problem"),
    marked,
    h("p", {}, error.message),
    examples.length > 0 && h("p", { class: "muted" }, `For example: ${examples.join("   or   ")}`),
  );
}
