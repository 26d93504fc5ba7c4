/** The channel's list as a programme: what comes after the playing item, with start times. */

/**
 * `[{item, startsIn}]` in seconds from now, up to the item before the playing one: CyTube's list begins anew
 * at its end.
 */
export function upcoming(items, playing, position) {
  const at = playing ? items.findIndex((item) => item.uid === playing.uid) : -1;
  if (at < 0) return items.map((item) => ({ item, startsIn: 0 }));
  let startsIn = Math.max(0, items[at].duration_seconds - position);
  const entries = [];
  for (const item of [...items.slice(at + 1), ...items.slice(0, at)]) {
    entries.push({ item, startsIn });
    startsIn += item.duration_seconds;
  }
  return entries;
}
