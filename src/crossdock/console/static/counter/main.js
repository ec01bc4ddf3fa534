// Who is here, which view is shown, what waits, and the way out.

import { ask, enter, know, line, me, remembered } from "./ask.js";
import * as manage from "./manage.js";
import * as parcel from "./parcel.js";
import * as parcels from "./parcels.js";
import * as queue from "./queue.js";
import * as scan from "./scan.js";
import { announce, at, button, h, live, quiet, say, show, shown, when } from "./show.js";

const LEAVING = "counter.leaving";
const KNOCK_MS = 15_000;

function route() {
  if (!me.now) return;
  scan.stop();
  const [view, id] = location.hash.slice(1).split("/");
  if (view === "parcel" && /^\d{1,18}$/.test(id)) parcel.toParcel(Number(id), parcels.rowOf(Number(id)));
  else if (view === "history" && me.now.manager) manage.toHistory();
  else if (view === "people" && me.now.manager) manage.toPeople();
  else parcels.toParcels();
}

function start() {
  live(me.now.zone);
  at("shop").textContent = me.now.shop;
  at("who").textContent = me.now.username;
  for (const link of document.querySelectorAll(".managers")) link.hidden = !me.now.manager;
  at("bar").hidden = false;
  drawLine();
  route();
  queue.flush();
}

function toLogin(text = "") {
  me.now = null;
  for (const part of [scan.stop, parcels.forget, parcel.forget, manage.forget]) part();
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  at("bar").hidden = true;
  at("who").textContent = at("said").textContent = "";
  show("login");
  at("login-note").textContent = text;
  at("login-form").elements.username.focus();
}

at("login-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  await leaveFirst();
  const answer = await ask("login", Object.fromEntries(new FormData(event.target)));
  at("login-form").elements.password.value = "";
  if (answer.error) return void (at("login-note").textContent = answer.text);
  at("login-form").reset();
  enter(answer);
  start();
});

// The line of what waits -----------------------------------------------------------------

function drawLine() {
  const all = queue.entries();
  const mine = all.filter(queue.mine);
  const refused = mine.filter((entry) => entry.refused).length;
  const waits = mine.length - refused;
  const other = all.find((entry) => !queue.mine(entry));
  const parts = [];
  if (!line.good) parts.push(say("no_line"));
  if (refused) parts.push(say("refused", { n: refused }));
  if (waits) parts.push(say("waits", { n: waits }));
  if (other) parts.push(say("waits_of", { n: all.length - mine.length, who: other.username }));
  if (!all.length && line.good) parts.push(say("sent"));
  at("line").dataset.state = refused ? "refused" : all.length || !line.good ? "waits" : "sent";
  const text = parts.join(" · ");
  if (at("line-text").textContent !== text) {
    at("line-text").textContent = text;
    if (all.length || !line.good) announce(text);
  }
  at("entries").replaceChildren(...all.map(entryLine));
}

function entryLine(entry) {
  const dismiss = () => queue.dismiss(entry.id);
  return h("li", {},
    h("div", { class: "line" },
      h("span", {}, h("strong", {}, say(`a_${entry.act}`)), ` … ${entry.number.slice(-8)}`,
        h("br"), quiet(`${entry.username}, ${when(entry.at)}`)),
      entry.refused && queue.mine(entry) && button(say("dismiss"), dismiss)),
    entry.refused && h("p", { class: "warn" }, entry.refused));
}

at("line").addEventListener("click", () => { drawLine(); at("kept").showModal(); });
queue.changes.addEventListener("change", drawLine);
line.addEventListener("change", drawLine);
line.addEventListener("over", () => { if (!shown("login")) toLogin(say("over")); });

// The way out ----------------------------------------------------------------------------

at("logout").addEventListener("click", () => {
  const n = queue.entries().length;
  if (!n) return leave();
  at("leave-count").textContent = say("waits", { n });
  at("leave").showModal();
});
at("leave-do").addEventListener("click", leave);

async function leave() {
  queue.forget();
  const answer = await ask("logout", {});
  for (const key of Object.keys(localStorage)) if (key.startsWith("counter.")) localStorage.removeItem(key);
  at("shop").textContent = document.title;
  history.replaceState(null, "", "/counter");
  const late = answer.error && answer.error !== "session";
  if (late) localStorage.setItem(LEAVING, "1");
  toLogin(late ? say("leave_first") : "");
}

// A log-out without a line left its session open: it is ended before anything else is done.
async function leaveFirst() {
  if (!localStorage.getItem(LEAVING)) return false;
  const answer = await know();
  const done = answer.error ? answer : await ask("logout", {});
  me.now = null;
  localStorage.removeItem("counter.me");
  if (!done.error || done.error === "session") localStorage.removeItem(LEAVING);
  return true;
}

addEventListener("hashchange", route);
addEventListener("online", () => { if (me.now) know().then(route); });
setInterval(() => { if (!line.good && me.now) know(); }, KNOCK_MS);
navigator.serviceWorker?.register("/counter/worker.js", { scope: "/counter" });
if (location.search) history.replaceState(null, "", `/counter${location.hash}`);

if (await leaveFirst()) toLogin(localStorage.getItem(LEAVING) ? say("leave_first") : "");
else {
  me.now = remembered();
  if (me.now) start();
  const answer = await know();
  if (!answer.error) start();
  else if (!me.now) toLogin();
}
