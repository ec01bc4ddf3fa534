// The lists of today, the search, and the one field that takes a code.

import { ask, me } from "./ask.js";
import { open } from "./parcel.js";
import * as queue from "./queue.js";
import * as scan from "./scan.js";
import { at, h, pieces, quiet, say, show, shown, when } from "./show.js";

const CODE_DIGITS = 6;
const LOOK_AGAIN_MS = 30_000;
const NUMBER_SHOWN_MAX = 12;
let list = "waiting";
let words = "";
let rows = [];
let after = "";
let further = false; // whether more than the first page is shown
let asked = 0;

export function toParcels() {
  show("parcels");
  at("note").textContent = "";
  focus();
  load();
}

// Without the phone's own keys: a scanner types, and a finger on the field brings them.
function focus() {
  at("code").inputMode = "none";
  at("code").focus({ preventScroll: true });
}

export function forget() {
  rows = [];
  at("rows").replaceChildren();
  for (const count of document.querySelectorAll("#lists b")) count.textContent = "–";
  for (const field of ["code", "search"]) at(field).value = "";
  words = after = "";
}

async function load(more = false) {
  const mine = (asked += 1);
  const from = more ? `after=${encodeURIComponent(after)}` : "";
  const answer = words ? await ask(`search?${from}`, { text: words }) : await ask(`parcels?which=${list}&${from}`);
  if (mine !== asked || !me.now) return;
  if (answer.error) {
    if (answer.error !== "unreachable") at("note").textContent = answer.text;
    return;
  }
  if (answer.counts)
    for (const button of document.querySelectorAll("[data-list]"))
      button.querySelector("b").textContent = answer.counts[button.dataset.list];
  const seenAt = new Date().toISOString();
  rows = [...(more ? rows : []), ...answer.rows.map((row) => ({ ...row, seenAt }))];
  after = answer.after;
  further = more;
  draw();
}

// Drawn anew while somebody walks through it by keyboard, the list keeps the place.
export function draw() {
  const at_ = at("rows").contains(document.activeElement) ? document.activeElement.hash : "";
  at("rows").replaceChildren(...rows.map(line));
  if (at_) at("rows").querySelector(`[href="${at_}"]`)?.focus();
  if (!rows.length) at("rows").append(h("li", { class: "quiet" }, say(words ? "none_found" : "none_waiting")));
  at("more").hidden = !after;
  for (const button of document.querySelectorAll("[data-list]"))
    button.setAttribute("aria-pressed", String(!words && button.dataset.list === list));
}

function line(row) {
  const [tag, kind] = state(row);
  const number = row.number.length > NUMBER_SHOWN_MAX ? `…${row.number.slice(-8)}` : row.number;
  const mobile = row.mobile_end && ` · ${say("last_four", { end: row.mobile_end })}`;
  return h("li", {}, h("a", { href: `#parcel/${row.id}` },
    h("strong", {}, row.name || row.number), h("span", { class: "digits" }, row.code),
    quiet(`${number}${mobile}`), quiet(row.pieces === null ? "" : pieces(row.pieces)),
    h("span", { class: kind }, tag), quiet(when(row.state === "used" ? row.used_at : row.created_at))));
}

function state(row) {
  if (queue.of(row.id).length) return [say("waits", { n: queue.of(row.id).length }), "warn"];
  if (row.state === "used") return [`${say("used")}, ${say("by", { who: row.used_by })}`, "good"];
  if (row.state !== "live") return [say(row.state), "warn"];
  if (["unpaid", "part_paid", "refunded"].includes(row.warning)) return [say("unpaid"), "warn"];
  return row.aside ? [say("done_aside"), "good"] : [say("not_aside"), "quiet"];
}

export const rowOf = (id) => rows.find((row) => row.id === id);

// Finding ------------------------------------------------------------------------------

async function find(text) {
  text = text.trim();
  if (!text) return;
  scan.stop();
  at("note").textContent = "";
  const answer = await ask("find", { text });
  if (answer.error === "unreachable") return findHere(text);
  if (answer.error) return wrong(answer.text);
  at("code").value = "";
  open(answer.parcel, answer.proof);
}

// Without a line only among what is shown already.
function findHere(text) {
  const code = /^\d{1,6}$/.test(text) ? text.padStart(CODE_DIGITS, "0") : "";
  const row = rows.find((each) => each.number === text || (code && each.code === code));
  if (!row) return wrong(say("not_now"));
  at("code").value = "";
  open(row);
}

function wrong(text) {
  at("note").textContent = text;
  navigator.vibrate?.([60, 60, 60]);
  at("code").select();
}

at("find-form").addEventListener("submit", (event) => { event.preventDefault(); find(at("code").value); });
at("code").addEventListener("pointerdown", () => { at("code").inputMode = "numeric"; });
at("code").addEventListener("input", () => { at("note").textContent = ""; });
at("search-form").addEventListener("submit", (event) => { event.preventDefault(); search(); at("search").blur(); });
at("search").addEventListener("input", () => { if (!at("search").value) search(); });
at("more").addEventListener("click", () => load(true));
for (const button of document.querySelectorAll("[data-list]"))
  button.addEventListener("click", () => {
    list = button.dataset.list;
    words = at("search").value = "";
    load();
  });

function search() {
  words = at("search").value.trim();
  load();
}

// A scanner is a keyboard: what it types goes into the field wherever the page is, so its Enter presses nothing else.
document.addEventListener("keydown", (event) => {
  if (!me.now || event.ctrlKey || event.metaKey || event.altKey || !/^[\dA-Za-z]$/.test(event.key)) return;
  if (event.target.closest("input, textarea, select, dialog") || document.querySelector("dialog[open]")) return;
  if (!shown("parcels")) {
    history.pushState(null, "", "#parcels");
    toParcels();
  }
  at("code").value = "";
  focus();
}, true);

queue.changes.addEventListener("change", () => { if (shown("parcels")) draw(); });
setInterval(() => { if (me.now && shown("parcels") && !document.hidden && !further) load(); }, LOOK_AGAIN_MS);
scan.offer((text) => find(text));
