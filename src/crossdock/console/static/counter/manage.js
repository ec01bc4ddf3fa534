// For managers: the branch's people and its history.

import { ask, me } from "./ask.js";
import { at, button, h, known, quiet, say, show, when } from "./show.js";

let people = [];
let count = 0;
let opened = 0;

export async function toHistory() {
  show("history");
  await knowPeople();
  const select = at("history-form").elements.staff;
  const chosen = select.value;
  const options = [me.now, ...people].map((each) => h("option", { value: each.id }, each.username));
  select.replaceChildren(select.options[0], ...options);
  select.value = chosen;
  await load();
}

async function load(more = false) {
  const given = new FormData(at("history-form"));
  const asked = new URLSearchParams({ start: more ? count : 0 });
  for (const name of ["staff", "day"]) if (given.get(name)) asked.set(name, given.get(name));
  const answer = await ask(`actions?${asked}`);
  const rows = answer.error ? [] : answer.rows;
  count = (more ? count : 0) + rows.length;
  const drawn = rows.map(action);
  if (answer.error || !count) drawn.push(h("li", { class: "quiet" }, answer.text ?? say("nothing_done")));
  at("actions").replaceChildren(...(more ? at("actions").children : []), ...drawn);
  at("actions-more").hidden = !(count < answer.total);
}

// Of what was and what is: where a parcel stands, or else the facts of a person's account that differ.
function changed({ before, after }) {
  if (!before && !after) return "";
  if ((after ?? before).state) return `${stand(before)} → ${stand(after)}`;
  const names = Object.keys(after ?? before).filter((name) => known(`k_${name}`));
  const differ = names.filter((name) => before?.[name] !== after?.[name]);
  const word = (value) => ({ true: "✓", false: "✗" })[value] ?? value;
  const told = (facts) => differ.map((name) => say(`k_${name}`, { n: word(facts?.[name] ?? "–") })).join(", ");
  return differ.length ? `${told(before)} → ${told(after)}` : "";
}

function stand(facts) {
  if (!facts) return "–";
  return say(`s_${facts.state === "unused" && facts.prepared ? "prepared" : facts.state}`);
}

function action(row) {
  const who = row.who || say(row.operator ? "operator" : "system");
  const did = known(`h_${row.action}`) ? say(`h_${row.action}`) : row.action;
  const change = changed(row);
  return h("li", {},
    h("div", { class: "line" }, h("strong", {}, `${who} ${did} ${row.about}`.trim()), quiet(when(row.at))),
    row.number && h("div", {}, h("a", { href: `#parcel/${row.parcel_id}` }, row.number), ` ${row.code}`),
    change && h("div", { class: "quiet" }, change),
    row.reason && h("div", {}, `“${row.reason}”`));
}

async function knowPeople() {
  const answer = await ask("people");
  if (!answer.error) people = answer;
}

export function forget() {
  people = [];
  for (const list of ["actions", "persons"]) at(list).replaceChildren();
  at("history-form").reset();
  at("history-form").elements.staff.replaceChildren(at("history-form").elements.staff.options[0]);
}

export async function toPeople() {
  show("people");
  at("people-note").textContent = "";
  await drawPeople();
}

async function drawPeople() {
  await knowPeople();
  at("persons").replaceChildren(...people.map(person));
}

function person(each) {
  const reset = at("reset-form").content.firstElementChild.cloneNode(true);
  reset.hidden = true;
  reset.addEventListener("submit", (event) => {
    event.preventDefault();
    change(each, "password", { password: new FormData(reset).get("password") });
  });
  const toggled = ({ target }) => { if (target.open) opened = each.id; };
  const lastIn = each.last_login ? say("last_in", { at: when(each.last_login) }) : say("never_in");
  const ask_ = () => {
    reset.hidden = !reset.hidden;
    if (!reset.hidden) reset.elements.password.focus();
  };
  const may = (name, what) => button(say(name), () => change(each, what, {}));
  return h("li", {}, h("details", { class: "card", open: opened === each.id, ontoggle: toggled },
    h("summary", { class: "line" },
      h("span", {}, each.username, h("br"), quiet(lastIn)),
      h("span", { class: each.active ? "good" : "warn" }, say(each.active ? "active" : "inactive"))),
    h("div", { class: "row" },
      button(say("reset"), ask_),
      each.active && may("log_out_all", "withdraw"),
      each.active && may("unlock", "unlock"),
      each.active ? may("disable", "disable") : may("enable", "enable")),
    reset));
}

async function change(each, what, data) {
  const answer = await ask(`people/${each.id}/${what}`, data);
  tell(answer.error ? answer.text : say("changed", { who: each.username }), answer.error);
  await drawPeople();
}

function tell(text, bad) {
  at("people-note").className = bad ? "note warn" : "note good";
  at("people-note").textContent = text;
}

at("hire-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(event.target));
  const answer = await ask("people", given);
  tell(answer.error ? answer.text : say("added", { who: given.username }), answer.error);
  if (answer.error) return;
  event.target.reset();
  await drawPeople();
});
at("history-form").addEventListener("change", () => load());
at("actions-more").addEventListener("click", () => load(true));
