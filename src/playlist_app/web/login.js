/** Signing in: a name, a code by private message, and every answer the service has to that. */

import { post } from "./api.js";
import { emit, on } from "./bus.js";
import { countdown } from "./countdown.js";
import { $, busy, fill, h } from "./dom.js";
import { inSeconds, span } from "./format.js";
import { loadSession, session } from "./session.js";

const name = () => $("#username").value.trim();
const clocks = { code: null, ask: null, verify: null };

function problem(...parts) {
  fill($("#signin-problem"), ...parts);
}

const words = (text) => h("p", {}, text);

function askForm() {
  clocks.code?.();
  clocks.verify?.();
  $("#enter").hidden = true;
  $("#have-code").hidden = false;
  $("#send-code").textContent = "Send me a code";
  $("#code-clock").hidden = true;
  fill($("#sent-note"));
}

function showCodeField() {
  $("#enter").hidden = false;
  $("#have-code").hidden = true;
  $("#otp").value = "";
  $("#otp").focus();
}

async function sendCode() {
  problem();
  if (!name()) return missingName();
  try {
    const sent = await post("/auth/otp/request", { username: name() });
    const until = inSeconds(sent.expires_in_seconds);
    const text = `A code is on its way to ${name()} by private message. It is valid until ${until}.`;
    fill($("#sent-note"), h("span", {}, text));
    showCodeField();
    $("#send-code").textContent = "Send a new code";
    clocks.verify?.();
    clocks.code?.();
    clocks.code = countdown(sent.expires_in_seconds, $("#code-clock"), {
      each: (left) => `Valid for another ${span(left)}.`,
      end: "This code has expired. Ask for a new one.",
    });
    emit("code-asked");
  } catch (error) {
    refused(error);
  }
  return undefined;
}

function missingName() {
  problem(words("Type your name in the channel first."));
  $("#username").focus();
}

/** 404, 403, 429, 503 of asking and 429 of verifying. */
function refused(error) {
  problem(words(error.message));
  const wait = error.details?.retry_after_seconds;
  if (wait && error.code === "ip_blocked") {
    problem(words(error.message), words(`The block ends ${inSeconds(wait)}.`));
  } else if (wait) {
    clocks.ask?.();
    clocks.ask = countdown(wait, $("#signin-problem"), {
      each: (left) => `${tooMany(error)} You can go on in ${span(left)}.`,
      end: "You can try again now.",
      disables: [$("#send-code"), $("#verify")],
    });
  }
  if (error.code === "not_in_channel") emit("not-in-channel", name());
}

const tooMany = (error) => (error.code === "locked" ? "Too many wrong codes." : "Too many tries.");

async function verify() {
  problem();
  if (!name()) return missingName();
  const otp = $("#otp").value;
  if (!otp.trim()) {
    problem(words("Type the code from the private message."));
    return $("#otp").focus();
  }
  try {
    judged(await post("/auth/otp/verify", { username: name(), otp }));
  } catch (error) {
    refused(error);
  }
  return undefined;
}

function judged(verdict) {
  const answers = { ok: signedIn, invalid, unrequested, locked };
  answers[verdict.status]?.(verdict);
}

async function signedIn() {
  await loadSession();
  if (session() === null) {
    return problem(
      words("The code was right, but this browser does not keep the cookie. Allow cookies for this page."),
    );
  }
  askForm();
  return problem();
}

function invalid({ attempts_remaining: left }) {
  if (left === 0) return spent("That was the last try for this code.");
  problem(
    words(`This is not the code that was sent. ${left === 1 ? "One try is" : `${left} tries are`} left.`),
  );
  $("#otp").select();
  return $("#otp").focus();
}

function spent(text) {
  $("#otp").value = "";
  problem(words(text), h("button", { type: "button", onclick: sendCode }, "Send me a new code"));
}

function locked({ retry_after_seconds: wait }) {
  if (wait === 0) return spent("This code has expired or was used already.");
  clocks.verify?.();
  clocks.verify = countdown(wait, $("#signin-problem"), {
    each: (left) => `Too many wrong codes. Wait ${span(left)}, then ask for a new one.`,
    end: "You can ask for a new code now.",
    disables: [$("#verify"), $("#send-code")],
  });
  return undefined;
}

function unrequested({ can_block_ip: canBlock, default_block_hours: hours }) {
  const ask = h("button", { type: "button", onclick: sendCode }, "Send me a code");
  if (!canBlock) return problem(words("Nobody asked for a code from here. Ask for one first."), ask);
  const block = h(
    "button",
    { type: "button", class: "danger", onclick: () => blockAddress(hours) },
    `I did not ask: block for ${hours} hours`,
  );
  return problem(
    words(`Nobody asked for a code from here. Did you ask for this code? If not, you can keep this address from
      signing in for ${hours} hours.`),
    h("div", { class: "row" }, ask, block),
  );
}

async function blockAddress(hours) {
  try {
    const { blocked_until: until } = await post("/auth/ipblock", { action: "block", hours });
    askForm();
    problem(
      words(`Blocked: nobody can sign in from this address for ${hours} hours, until
      ${new Date(until).toLocaleString()}. An admin can lift the block.`),
    );
  } catch (error) {
    refused(error);
  }
}

/** A pasted or filled-in message becomes the code it contains. */
export function codeIn(text) {
  return text.match(/\b[A-Z2-9]{4}[- ]?[A-Z2-9]{4}\b/)?.[0] ?? null;
}

function pasted(event) {
  const code = codeIn(event.clipboardData?.getData("text") ?? "");
  if (code === null) return;
  event.preventDefault();
  event.target.value = code;
}

export function startLogin() {
  $("#ask").addEventListener("submit", (event) => (event.preventDefault(), busy($("#send-code"), sendCode)));
  $("#enter").addEventListener("submit", (event) => (event.preventDefault(), busy($("#verify"), verify)));
  $("#have-code").addEventListener("click", () => (name() ? (problem(), showCodeField()) : missingName()));
  $("#username").addEventListener("input", () => (askForm(), problem(), emit("name-typed", name())));
  $("#otp").addEventListener("paste", pasted);
  on("session-ended", () =>
    problem(words("Your session has ended. Sign in again; what you had not saved is kept here.")),
  );
}
