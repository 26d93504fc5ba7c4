/** The only place that talks to the service: JSON both ways, errors with a sentence for people. */

import { emit } from "./bus.js";

const ROOT = "/api/v1";
const OUTSIDE = /^\/(demo|health)\b/;

export class ApiError extends Error {
  constructor(status, code, message, details = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

async function answer(response) {
  const text = await response.text();
  let data = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    throw new ApiError(
      response.status,
      "no_json",
      `The service answered with something unreadable (${response.status}).`,
    );
  }
  if (response.ok) return data;
  const error = data?.error ?? {};
  throw new ApiError(
    response.status,
    error.code ?? "unknown",
    error.message ?? response.statusText,
    error.details,
  );
}

/** What `path` answers; raises ApiError, also when nobody answers, and AbortError. */
export async function call(method, path, { body, headers = {}, signal } = {}) {
  const init = { method, headers: { ...headers }, signal, credentials: "same-origin" };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(OUTSIDE.test(path) ? path : ROOT + path, init);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "no_answer", "The service does not answer. Check your connection, then try again.");
  }
  try {
    return await answer(response);
  } catch (error) {
    if (error.code === "not_signed_in") emit("signed-out");
    if (error.code === "forbidden") emit("role-doubted");
    throw error;
  }
}

export const get = (path, options) => call("GET", path, options);
export const post = (path, body, options) => call("POST", path, { ...options, body });
export const put = (path, body, options) => call("PUT", path, { ...options, body });
export const del = (path, options) => call("DELETE", path, options);
