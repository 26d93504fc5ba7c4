/** The readable names of titles the page has met: queue, marathons and refusals name only ids or file names. */

import { get } from "./api.js";

const met = new Map();

export function learn(items) {
  for (const item of items) met.set(item.video_id, item);
  return items;
}

export const known = (videoId) => met.get(videoId);

const AT_ONCE = 4;
const sought = new Set();

/** Learn the titles among `ids` that the page has not met, asking once for each. Answers whether it found any. */
export async function lookUp(ids) {
  const wanted = ids.filter((id) => id && !met.has(id) && !sought.has(id));
  wanted.forEach((id) => sought.add(id));
  const before = met.size;
  while (wanted.length) {
    const found = await Promise.allSettled(
      wanted.splice(0, AT_ONCE).map((id) => get(`/catalog/items/${encodeURIComponent(id)}`)),
    );
    learn(found.filter((answer) => answer.status === "fulfilled").map((answer) => answer.value));
  }
  return met.size > before;
}

/** The best name there is for an item of any answer. */
export const nameOf = (item) =>
  item.display_title ?? met.get(item.video_id)?.display_title ?? item.title ?? item.video_id;
