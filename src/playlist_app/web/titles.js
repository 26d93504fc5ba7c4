/** The readable names of titles the page has met: queue, marathons and refusals name only ids or file names. */

const met = new Map();

export function learn(items) {
  for (const item of items) met.set(item.video_id, item);
  return items;
}

export const known = (videoId) => met.get(videoId);

/** The best name there is for an item of any answer. */
export const nameOf = (item) =>
  item.display_title ?? met.get(item.video_id)?.display_title ?? item.title ?? item.video_id;
