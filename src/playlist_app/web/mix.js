/** Which saved playlists go into the marathon: A, B, C… in the order in which they were picked. */

import { emit } from "./bus.js";
import { toast } from "./toast.js";

const MOST = 26;

let picked = [];

export const mixed = () => picked;

export const label = (place) => String.fromCharCode(65 + place);

/** "A" for the first picked playlist; null for one that is not picked. */
export function labelOf(id) {
  const place = picked.indexOf(id);
  return place < 0 ? null : label(place);
}

function become(ids) {
  if (ids.join() === picked.join()) return;
  picked = ids;
  emit("mix", picked);
}

export function toggleMix(id) {
  if (picked.includes(id)) become(picked.filter((each) => each !== id));
  else if (picked.length < MOST) become([...picked, id]);
  else toast(`A marathon has at most ${MOST} sources.`, { tone: "bad" });
}

export const clearMix = () => become([]);

/** Forget playlists that are no longer there. */
export const pruneMix = (ids) => become(picked.filter((id) => ids.includes(id)));
