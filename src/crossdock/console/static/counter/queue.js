// What was tapped goes into the phone's memory first, then to the server, in order, each once by its own id.

import { ask, know, line, me } from "./ask.js";
import { say } from "./show.js";

const KEY = "counter.queue";
const PAUSE_S_MAX = 60;
const FAULTS_MAX = 5;
const LATER = new Set(["unreachable", "away", "often"]);
export const changes = new EventTarget();
let pauseS = 0;
let timer;
let sending = false;
let again = false;

export const entries = () => JSON.parse(localStorage.getItem(KEY) ?? "[]");
export const mine = (entry) => entry.staff_id === me.now?.id;
export const of = (parcel) => entries().filter((entry) => entry.parcel === parcel);

function keep(next, settled) {
  localStorage.setItem(KEY, JSON.stringify(next));
  changes.dispatchEvent(new CustomEvent("change", { detail: settled }));
}
const change = (id, facts) => keep(entries().map((entry) => (entry.id === id ? { ...entry, ...facts } : entry)));

// `crypto.randomUUID` is missing where the page does not come over HTTPS.
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export function add(act, parcel, more = {}) {
  const { id: staff_id, username } = me.now;
  const entry = { id: newId(), staff_id, username, act, parcel: parcel.id, number: parcel.number };
  keep([...entries(), { ...entry, at: new Date().toISOString(), ...more }]);
  return flush();
}

export const dismiss = (id) => keep(entries().filter((entry) => entry.id !== id));

export function forget() {
  clearTimeout(timer);
  localStorage.removeItem(KEY);
  changes.dispatchEvent(new CustomEvent("change"));
}

// Of several open pages of one phone only one sends.
export async function flush() {
  if (!me.now) return;
  if (sending) return void (again = true);
  sending = true;
  clearTimeout(timer);
  try {
    await (navigator.locks ? navigator.locks.request(KEY, sendAll) : sendAll());
  } finally {
    sending = false;
  }
  if (again) {
    again = false;
    await flush();
  }
}

async function sendAll() {
  for (;;) {
    const entry = entries().find((each) => mine(each) && !each.refused);
    if (!entry) return void (pauseS = 0);
    const { id, staff_id, act, parcel, reason, proof } = entry;
    const answer = await ask(`parcels/${parcel}/${act}`, { operation_id: id, staff_id, reason, proof });
    if (!entries().some((each) => each.id === id)) continue; // logged out meanwhile
    if (!answer.error) {
      pauseS = 0;
      keep(entries().filter((each) => each.id !== id), { entry, answer });
    } else if (answer.error === "session") {
      return change(id, { tried: true });
    } else if (answer.error === "not_own") {
      if ((await know()).error) return later(answer);
    } else if (LATER.has(answer.error) || (answer.status >= 500 && (entry.faults ?? 0) < FAULTS_MAX)) {
      change(id, { tried: true, faults: (entry.faults ?? 0) + (answer.status === 500) });
      return later(answer);
    } else refuse(entry, answer);
  }
}

// What follows for the same parcel was tapped in the belief that this had happened.
function refuse(entry, answer) {
  let after = false;
  keep(entries().map((each) => {
    if (each.id === entry.id) after = true;
    if (!after || each.parcel !== entry.parcel || !mine(each) || each.refused) return each;
    return { ...each, refused: each.id === entry.id ? answer.text : say("earlier") };
  }), { entry, answer });
}

function later(answer) {
  pauseS = Math.min(Math.max(1, pauseS * 2), PAUSE_S_MAX);
  timer = setTimeout(flush, 1000 * Math.max(pauseS, answer.wait || 0));
}

addEventListener("online", flush);
document.addEventListener("visibilitychange", () => { if (!document.hidden) flush(); });
addEventListener("storage", (event) => { if (event.key === KEY) changes.dispatchEvent(new CustomEvent("change")); });
line.addEventListener("change", () => { if (line.good) flush(); });
