/** Saving the working playlist, and the ways out when somebody else was faster or has the name. */

import { get, post, put } from "./api.js";
import { emit, on } from "./bus.js";
import { $, fill, h } from "./dom.js";
import { fingerprint, list, markSaved, rename, replace, unlink } from "./list.js";
import { toast } from "./toast.js";

const problem = (...parts) => fill($("#save-problem"), ...parts);

const words = (text) => h("p", {}, text);

const button = (text, onclick) => h("button", { type: "button", onclick }, text);

function send(body, { asNew, version }) {
  if (asNew || list.id === null) return post("/playlists", body);
  return put(`/playlists/${list.id}`, body, { headers: { "If-Match": `"${version ?? list.version}"` } });
}

/** Save; answers whether it worked. `asNew` leaves the loaded one alone, `version` is the one to save over. */
export async function save({ asNew = false, version = null } = {}) {
  problem();
  const name = list.name.trim();
  if (!name) {
    problem(words("Give the playlist a name first."));
    emit("show-tab", "playlist");
    $("#list-name").focus();
    return false;
  }
  const content = fingerprint();
  const body = { name, items: list.items.map((item) => ({ video_id: item.video_id })) };
  try {
    const saved = await send(body, { asNew, version });
    markSaved({ id: saved.playlist_id, version: saved.version, name, content });
    emit("saved-changed");
    toast(`Saved “${name}”.`);
    return true;
  } catch (error) {
    refused(error, asNew);
    return false;
  }
}

function refused(error, asNew) {
  if (error.code === "not_signed_in") return;
  const { suggestion, current_version: current } = error.details;
  const row = (...buttons) => h("div", { class: "row" }, ...buttons);
  if (error.code === "stale_version") {
    problem(
      words(error.message),
      row(
        button("Load theirs", loadTheirs),
        button("Save mine over it", () => save({ version: current })),
      ),
    );
  } else if (error.code === "name_taken" && suggestion) {
    const take = () => (rename(suggestion), save({ asNew }));
    problem(words(error.message), row(button(`Save as “${suggestion}”`, take)));
  } else if (error.code === "playlist_not_found") {
    unlink();
    problem(
      words("Somebody has deleted this playlist meanwhile."),
      row(button("Save it anew", () => save())),
    );
  } else {
    problem(words(error.message));
  }
}

async function loadTheirs() {
  problem();
  try {
    const theirs = await get(`/playlists/${list.id}`);
    const undo = replace({
      items: theirs.items,
      name: theirs.name,
      id: theirs.playlist_id,
      version: theirs.version,
      saved: true,
    });
    toast(`Loaded what ${theirs.updated_by} saved.`, { undo });
  } catch (error) {
    refused(error, false);
  }
}

export function startSaving() {
  // A problem belongs to the content it was about.
  let about = "";
  on("list", () => {
    if (fingerprint() !== about) problem();
    about = fingerprint();
  });
}
