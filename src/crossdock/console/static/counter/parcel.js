// One parcel: what it is, what may be done with it, and what was just done.

import { ask, me } from "./ask.js";
import * as queue from "./queue.js";
import { announce, at, h, known, pieces, say, show, shown, when } from "./show.js";

let parcel;
let proofs = new Map();
let note = "";
let justDone = "";
let mobileShown = false;
let busy;

export function open(seen, proof = "") {
  if (proof) proofs.set(seen.id, proof);
  parcel = seen;
  note = justDone = "";
  mobileShown = false;
  history.pushState(null, "", `#parcel/${seen.id}`);
  display();
  if (!seen.goods) look(seen.id);
}

export async function toParcel(id, row) {
  if (parcel?.id !== id) {
    parcel = row;
    note = justDone = "";
    mobileShown = false;
  }
  display();
  await look(id);
}

async function look(id) {
  const answer = await ask(`parcels/${id}`);
  if (parcel && parcel.id !== id) return;
  if (!answer.error) take(answer);
  else if (answer.error === "unreachable" && parcel) note = say("as_of", { at: when(parcel.asOf ??= new Date().toISOString()) });
  else if (answer.error !== "session") note = answer.text;
  if (shown("parcel")) draw();
}

// A code that was named here once stays named.
function take(answer) {
  parcel = { ...answer, warning: answer.warning === "code" && proofs.has(answer.id) ? "" : answer.warning };
  note = "";
}

export function forget() {
  parcel = undefined;
  proofs = new Map();
  at("seen").replaceChildren();
}

function display() {
  show("parcel");
  draw();
  (at("hand").hidden ? at("seen") : at("hand")).focus({ preventScroll: true });
}

const WARN = { part_paid: "unpaid", refunded: "unpaid" };

function draw() {
  const waiting = parcel ? queue.of(parcel.id) : [];
  const open_ = waiting.find((entry) => !entry.refused);
  const refused = waiting.find((entry) => entry.refused);
  const may = parcel?.goods || parcel?.state ? parcel : { state: "", warning: "none" };
  at("hand").hidden = may.state !== "live" || Boolean(open_);
  at("hand").disabled = may.warning !== "";
  at("hand-pieces").textContent = may.pieces == null ? "" : pieces(may.pieces);
  at("aside").hidden = may.state !== "live" || may.aside || Boolean(open_);
  at("undo").hidden = may.state !== "used" && open_?.act !== "handover";
  at("next").hidden = !(justDone || open_) && may.state !== "used";
  at("slip").hidden = !parcel;
  if (!parcel) return at("seen").replaceChildren(h("p", { role: "status" }, note || "…"));
  at("slip").href = `/counter/parcels/${parcel.id}/slip`;
  at("seen").replaceChildren(
    banner(open_, refused),
    h("p", { class: "number" }, parcel.number.slice(0, -4), h("b", {}, parcel.number.slice(-4))),
    buyer(),
    parcel.goods ? goods() : "",
    trail(),
  );
}

function banner(open_, refused) {
  if (refused) return bar("warn", say(`a_${refused.act}`), refused.refused);
  if (open_) return bar("wait", say(`a_${open_.act}`), open_.tried ? say("waits_here") : say("sending"));
  if (note) return bar("warn", note);
  if (justDone) return bar(justDone === "done" ? "good done" : "good", say(justDone), justDone === "done" ? `${pieces(parcel.pieces ?? 0)} · ${when(parcel.used_at)}` : "");
  const { warning, state } = parcel;
  if (!warning) return bar("good", say("live"), `${payment()}${parcel.aside ? "" : ` · ${say("not_aside")}`}`);
  const facts = { who: parcel.used_by, at: when(warning === "expired" ? parcel.expires_at : parcel.used_at ?? parcel.created_at) };
  return bar("warn", say(warning === "code" ? "live" : warning === "not_aside" ? "not_aside" : WARN[warning] ?? warning), say(`w_${warning}`, facts));
}

const bar = (kind, title, more = "") => h("div", { class: `banner ${kind}` }, h("div", {}, title, more && h("small", {}, more)));
const payment = () => (known(parcel.payment) ? say(parcel.payment) : parcel.payment === "partially_refunded" ? say("some_refunded") : "");

function buyer() {
  const full = parcel.mobile && mobileShown;
  const number = full ? h("a", { href: `tel:${parcel.mobile}` }, parcel.mobile) : h("span", { class: "digits" }, parcel.mobile_end && say("last_four", { end: parcel.mobile_end }));
  return h("div", { class: "card buyer" },
    h("div", {}, h("strong", {}, parcel.name), h("br"), number),
    parcel.mobile && h("button", { type: "button", class: "soft", "aria-pressed": String(mobileShown), onclick: () => { mobileShown = !mobileShown; draw(); at("seen").querySelector("button").focus(); } }, say(mobileShown ? "hide" : "show")));
}

const goods = () => h("ul", { class: "card goods" }, ...parcel.goods.map((each) =>
  h("li", {}, h("span", {}, each.name, h("br"), h("span", { class: "quiet" }, each.sku)), h("b", {}, `× ${each.pieces}`))));

function trail() {
  const steps = [["t_created", parcel.created_at], ["t_aside", parcel.aside_at, parcel.aside_by], ["t_used", parcel.used_at, parcel.used_by], ["t_expires", parcel.expires_at]];
  return h("ul", { class: "card" }, ...steps.filter(([, moment]) => moment).map(([name, moment, who]) =>
    h("li", { class: "line" }, h("span", { class: "quiet" }, say(name)), h("span", {}, `${when(moment)}${who ? ` ${say("by", { who })}` : ""}`))));
}

// Doing ----------------------------------------------------------------------------------

function act(name, more) {
  note = justDone = "";
  queue.add(name, parcel, more);
  draw();
}

queue.changes.addEventListener("change", ({ detail }) => {
  if (!parcel) return;
  if (detail && detail.entry.parcel === parcel.id) {
    if (detail.answer.error) look(parcel.id);
    else {
      take(detail.answer);
      justDone = { handover: "done", aside: "done_aside", undo: "done_undo" }[detail.entry.act];
      announce(say(justDone));
    }
  }
  if (shown("parcel")) {
    draw();
    if (justDone === "done") at("next").focus({ preventScroll: true });
  }
});

at("why-form").addEventListener("input", () => { at("why-note").textContent = ""; });
at("hand").addEventListener("click", () => act("handover", { proof: proofs.get(parcel.id) }));
at("aside").addEventListener("click", () => act("aside"));
at("undo").addEventListener("click", () => {
  at("why-form").reset();
  at("why-note").textContent = "";
  at("why").showModal();
});
at("why-form").addEventListener("submit", (event) => {
  const given = new FormData(event.target);
  const reason = [given.get("reason"), given.get("words").trim()].filter(Boolean).join(": ");
  if (!reason) {
    event.preventDefault();
    at("why-note").textContent = say("reason_needed");
  } else act("undo", { reason });
});
