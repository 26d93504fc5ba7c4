/** The page as a whole: which screen and which tab is shown, and the start of every part. */

import { startApply } from "./apply.js";
import { emit, on } from "./bus.js";
import { startChannel } from "./channel.js";
import { lookForDemo, startDemo } from "./demo.js";
import { $, busy, h } from "./dom.js";
import { startInbox } from "./inbox.js";
import { startLogin } from "./login.js";
import { startMarathon } from "./marathon.js";
import { startPlaylist } from "./playlist.js";
import { startRun } from "./run.js";
import { startSaved } from "./saved.js";
import { startSearch } from "./search.js";
import { loadSession, logOut } from "./session.js";
import { complain, startToasts } from "./toast.js";

const TABS = ["search", "playlist", "saved", "channel"];
const scrolls = new Map();

function showTab(name) {
  const before = document.body.getAttribute("data-tab");
  scrolls.set(before, scrollY);
  document.body.setAttribute("data-tab", name);
  for (const link of $("#tabs").children) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (before !== name) {
    scrollTo(0, scrolls.get(name) ?? 0);
    emit("tab", name);
  }
}

const tabOfAddress = () => (TABS.includes(location.hash.slice(1)) ? location.hash.slice(1) : "search");

function goTo(name) {
  if (tabOfAddress() !== name) history.pushState(null, "", `#${name}`);
  showTab(name);
}

function show(user) {
  $("#signin").hidden = user !== null;
  $("#desk").hidden = $("#tabs").hidden = $("#who").hidden = user === null;
  const arrived = user !== null && !document.body.classList.contains("signed-in");
  document.body.classList.toggle("signed-in", user !== null);
  $("#role-note").hidden = true;
  if (user === null) return $("#username").focus();
  const editor = user.permissions.includes("edit_playlists");
  document.body.classList.toggle("viewer", !editor);
  $("#who-name").textContent = user.username;
  $("#who-role").textContent = user.role;
  $("#playlist-title").textContent = editor ? "Working playlist" : "Playlist";
  $("#role-note").hidden = editor;
  $("#role-note").textContent =
    "You can look around: search, read the saved playlists, see the queue. " +
    "To build playlists and put them on the channel, ask an admin of the channel to bless you.";
  // A keyboard goes on with searching; on a phone that would open one over half the page.
  if (arrived) $(matchMedia("(pointer: fine)").matches ? "#q" : "#main").focus({ preventScroll: true });
  return undefined;
}

async function leave() {
  try {
    await logOut();
  } catch (error) {
    complain(error);
  }
}

function unreachable(error) {
  const again = h("button", { type: "button", onclick: () => location.reload() }, "Try again");
  $("#main").prepend(h("section", { class: "panel card" }, h("p", {}, error.message), again));
}

async function start() {
  on("session", show);
  on("show-tab", goTo);
  addEventListener("hashchange", () => showTab(tabOfAddress()));
  addEventListener("popstate", () => showTab(tabOfAddress()));
  $("#tabs").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    event.preventDefault();
    goTo(link.hash.slice(1));
  });
  $("#logout").addEventListener("click", () => busy($("#logout"), leave));
  for (const part of [
    startToasts,
    startLogin,
    startDemo,
    startInbox,
    startPlaylist,
    startSearch,
    startSaved,
    startMarathon,
    startRun,
    startApply,
    startChannel,
  ])
    part();
  showTab(tabOfAddress());
  await lookForDemo();
  try {
    await loadSession();
  } catch (error) {
    unreachable(error);
  }
}

start();
