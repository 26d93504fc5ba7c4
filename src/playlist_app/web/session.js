/** Who is signed in and what that allows. The token itself lives in a cookie no script can read. */

import { get, post } from "./api.js";
import { emit, on } from "./bus.js";

let current = null;
let asking = false;

export const session = () => current;

export const can = (action) => current?.permissions.includes(action) ?? false;

function become(user) {
  const before = JSON.stringify(current);
  current = user;
  if (JSON.stringify(user) !== before) emit("session", user);
}

/** Ask the service who we are; 401 means nobody, anything else is for the caller. */
export async function loadSession() {
  asking = true;
  try {
    current = await get("/auth/session");
  } catch (error) {
    if (error.status !== 401) throw error;
    current = null;
  } finally {
    asking = false;
  }
  emit("session", current);
}

export async function logOut() {
  await post("/auth/logout");
  become(null);
}

on("signed-out", () => {
  if (asking || current === null) return;
  become(null);
  emit("session-ended");
});

// A refusal may mean that somebody changed our role a moment ago.
on("role-doubted", async () => {
  try {
    become({ ...(await get("/auth/session")) });
  } catch {
    // The refusal itself is shown by whoever asked; this was only a second look.
  }
});
