// Asking the server. An answer is an object; `error` and `text` say why there is none.

import { say } from "./show.js";

const ME = "counter.me";
const PATIENCE_MS = 20_000;
export const me = { now: null };
export const line = new EventTarget();
line.good = true;

export const remembered = () => JSON.parse(localStorage.getItem(ME) ?? "null");

async function request(path, data) {
  const headers = { accept: "application/json" };
  const options = { headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) };
  if (data !== undefined) {
    options.method = "POST";
    options.body = JSON.stringify(data);
    headers["content-type"] = "application/json";
    headers["x-counter-word"] = me.now?.word ?? "";
  }
  let answer, good = true;
  try {
    const response = await fetch(`/counter/${path}`, options);
    answer = await response.json(); // a hotel's own page is no answer of ours
    if (!response.ok) {
      const wait = Number(response.headers.get("retry-after"));
      answer = { error: "fault", text: say("unreachable"), ...answer, status: response.status, wait };
    }
  } catch {
    good = false;
    answer = { error: "unreachable", text: say("unreachable") };
  }
  if (good !== line.good) {
    line.good = good;
    line.dispatchEvent(new Event("change"));
  }
  return answer;
}

export async function ask(path, data) {
  let answer = await request(path, data);
  if (answer.error === "stale" && !(await know()).error) answer = await request(path, data);
  if (answer.error === "session" && path !== "login") {
    me.now = null;
    line.dispatchEvent(new Event("over"));
  }
  return answer;
}

// Who is logged in: kept without the word that writes need, which only lives as long as the page is open.
export async function know() {
  const answer = await request("me");
  if (answer.error) return answer;
  const another = me.now && me.now.id !== answer.id;
  enter(answer);
  if (!another) return answer;
  location.reload(); // another page of this phone has logged somebody else in
  return { error: "not_own" };
}

export function enter(person) {
  me.now = person;
  const { word, ...kept } = person;
  localStorage.setItem(ME, JSON.stringify(kept));
}
