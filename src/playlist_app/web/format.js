/** Numbers, times and names as people read them. */

const pad = (number) => String(number).padStart(2, "0");

/** 75 -> "1:15", 4000 -> "1:06:40"; null -> "?". */
export function clock(seconds) {
  if (seconds === null || seconds === undefined) return "?";
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

/** 4000 -> "1 h 7 min", 40 -> "40 s". */
export function span(seconds) {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const counted = (number, noun) => `${number.toLocaleString()} ${noun}${number === 1 ? "" : "s"}`;

/** "13 titles, 9 h 15 min, 2 of unknown length". */
export function total(count, seconds, unknown) {
  const parts = [counted(count, "title")];
  if (count > unknown) parts.push(span(seconds));
  if (unknown) parts.push(`${unknown.toLocaleString()} of unknown length`);
  return parts.join(", ");
}

/** The time of day in the browser's zone, with the day when that is not today. */
export function timeOfDay(when) {
  const date = new Date(when);
  const time = date.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  if (date.toDateString() === new Date().toDateString()) return time;
  const near = Math.abs(date - Date.now()) < 6 * 86_400_000;
  const day = near ? { weekday: "short" } : { day: "numeric", month: "short" };
  return `${date.toLocaleDateString([], day)} ${time}`;
}

export const inSeconds = (seconds) => timeOfDay(Date.now() + seconds * 1000);

/** "S1 E4", or "" when the title has no episode. */
export function episode(item) {
  if (item.episode === null || item.episode === undefined) return "";
  return item.season === null ? `E${item.episode}` : `S${item.season} E${item.episode}`;
}
