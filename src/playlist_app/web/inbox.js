/** The demo's private messages to whoever is about to sign in. */

import { on } from "./bus.js";
import { act, demoChannel, isDemo } from "./demo.js";
import { $, h } from "./dom.js";
import { timeOfDay } from "./format.js";
import { codeIn } from "./login.js";
import { session } from "./session.js";
import { complain } from "./toast.js";

const EVERY_MS = 1500;
const SHOWN = 2;
// Whom every demo starts with (its documentation promises these three).
const ROLES = { alice: "admin", bob: "blessed", carol: "viewer" };

let drawn = "";
let seen = "";
// A code that has signed somebody in is spent; only messages after it are worth filling in.
let spent = "";
let timer = null;

const typed = () => $("#username").value.trim();
const same = (one, other) => one.toLowerCase() === other.toLowerCase();

function choose(name) {
  $("#username").value = name;
  $("#username").dispatchEvent(new Event("input"));
  $("#send-code").focus();
}

async function join(name) {
  try {
    await act("join", { name });
    choose(name);
  } catch (error) {
    complain(error);
  }
}

function fillIn(code) {
  $("#enter").hidden = false;
  $("#otp").value = code;
  $("#verify").focus();
}

function message(pm, newest) {
  const code = newest && pm.at > spent ? codeIn(pm.text) : null;
  return h(
    "li",
    {},
    h("p", { class: "muted" }, `To ${pm.to}, ${timeOfDay(pm.at)}`),
    h("p", {}, pm.text),
    code &&
      h(
        "button",
        { type: "button", class: "primary fill-code", onclick: () => fillIn(code) },
        `Fill in ${code}`,
      ),
  );
}

function people(users) {
  const found = users.filter((user) => user.name.toLowerCase() in ROLES);
  const buttons = found.map((user) =>
    h(
      "button",
      { type: "button", onclick: () => choose(user.name) },
      `${user.name} (${ROLES[user.name.toLowerCase()]})`,
    ),
  );
  const absent = /^[\w-]{1,20}$/.test(typed()) && !users.some((user) => same(user.name, typed()));
  if (absent)
    buttons.push(h("button", { type: "button", onclick: () => join(typed()) }, `Let ${typed()} join`));
  return buttons;
}

function draw(view) {
  const mine = view.pms
    .filter((pm) => same(pm.to, typed()))
    .slice(-SHOWN)
    .reverse();
  const signature = JSON.stringify([typed(), mine, view.users, spent]);
  if (signature === drawn) return;
  drawn = signature;
  $("#inbox-intro").hidden = mine.length > 0;
  $("#inbox-people").replaceChildren(...people(view.users));
  $("#inbox-messages").replaceChildren(...mine.map((pm, index) => message(pm, index === 0)));
  if (mine.length && mine[0].at > seen) $("#inbox-messages").firstChild.scrollIntoView({ block: "nearest" });
  seen = mine[0]?.at ?? seen;
  $("#inbox-empty").textContent = mine.length
    ? ""
    : typed()
      ? `No messages to ${typed()} yet.`
      : "Type a name, or take one of these.";
}

async function look() {
  if (document.hidden || session() !== null) return;
  try {
    draw(await demoChannel());
  } catch {
    // The page says elsewhere when the service is gone; the panel just waits for it.
  }
}

export function startInbox() {
  on("session", (user) => {
    clearInterval(timer);
    if (user !== null) spent = seen;
    $("#inbox").hidden = !isDemo() || user !== null;
    if ($("#inbox").hidden) return;
    timer = setInterval(look, EVERY_MS);
    look();
  });
  for (const name of ["name-typed", "code-asked", "not-in-channel"]) on(name, () => isDemo() && look());
}
