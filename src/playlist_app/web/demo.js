/** The simulated channel of the demo: what is said in it, and the buttons that make things happen. */

import { call, get } from "./api.js";
import { emit, on } from "./bus.js";
import { $, busy, h } from "./dom.js";
import { complain, toast } from "./toast.js";

let present = false;

export const isDemo = () => present;

/** The simulated channel without the long list of commands it was sent. */
export const demoChannel = () => get("/demo/channel?commands=false");

export async function act(action, more = {}) {
  const view = await call("POST", "/demo/channel", { body: { action, ...more } });
  emit("channel-stirred");
  return view;
}

/** Learn whether this is a demo; a service that does not say so is none. */
export async function lookForDemo() {
  try {
    present = (await get("/health")).demo;
  } catch {
    present = false;
  }
}

function button(text, action, more, said) {
  const element = h("button", { type: "button" }, text);
  element.addEventListener("click", () =>
    busy(element, async () => {
      try {
        await act(action, more);
        if (said) toast(said);
      } catch (error) {
        complain(error);
      }
    }),
  );
  return element;
}

function drawButtons(connected) {
  if (!present) return;
  $("#demo").hidden = false;
  $("#demo").replaceChildren(
    h("span", { class: "muted", "aria-hidden": "true" }, "Demo"),
    button("Skip", "skip"),
    connected ? button("Disconnect", "disconnect") : button("Reconnect", "reconnect"),
    button(
      "Refuse next add",
      "refuse_next",
      { reason: "bad_manifest" },
      "The channel will refuse the next title it is sent.",
    ),
  );
}

export function startDemo() {
  on("connected", drawButtons);
}
