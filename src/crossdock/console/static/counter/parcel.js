// One parcel: what it is, what may be done with it, and what was just done.

import { ask } from "./ask.js";
import * as queue from "./queue.js";
import { announce, at, button, h, known, pieces, quiet, say, show, shown, when } from "./show.js";

let parcel;
let wanted = 0;
let proofs = new Map();
let note = "";
let justDone = "";
let mobileShown = false;

export function open(seen, proof = "") {
  if (proof) proofs.set(seen.id, proof);
  parcel = { seenAt: new Date().toISOString(), ...seen };
  wanted = seen.id;
  note = justDone = "";
  mobileShown = false;
  history.pushState(null, "", `#parcel/${seen.id}`);
  display();
  if (!seen.goods) look(seen.id);
}

export async function toParcel(id, row) {
  wanted = id;
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
  if (wanted !== id) return;
  if (!answer.error) take(answer);
  else if (answer.error === "unreachable" && parcel) note = say("as_of", { at: when(parcel.seenAt) });
  else if (answer.error !== "session") note = answer.text;
  if (shown("parcel")) draw();
}

// A code that was named here once stays named.
function take(answer) {
  const warning = answer.warning === "code" && proofs.has(answer.id) ? "" : answer.warning;
  parcel = { ...answer, warning, seenAt: new Date().toISOString() };
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

// Warnings whose headline is another one's.
const HEADLINES = { part_paid: "unpaid", refunded: "unpaid", code: "live" };

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
  if (justDone === "done") {
    const much = parcel.pieces === null ? "" : `${pieces(parcel.pieces)} · `;
    return bar("good done", say("done"), `${much}${when(parcel.used_at)}`);
  }
  if (justDone) return bar("good", say(justDone));
  const { warning } = parcel;
  if (!warning) return bar("good", say("live"), `${payment()}${parcel.aside ? "" : ` · ${say("not_aside")}`}`);
  const moment = warning === "expired" ? parcel.expires_at : parcel.used_at;
  const facts = { who: parcel.used_by, at: moment ? when(moment) : "" };
  return bar("warn", say(HEADLINES[warning] ?? warning), say(`w_${warning}`, facts));
}

const bar = (kind, title, more = "") =>
  h("div", { class: `banner ${kind}` }, h("div", {}, title, more && h("small", {}, more)));
const payment = () => (parcel.payment ? say(parcel.payment) : "");

function buyer() {
  const number = mobileShown
    ? h("a", { href: `tel:${parcel.mobile}` }, parcel.mobile)
    : h("span", { class: "digits" }, parcel.mobile_end && say("last_four", { end: parcel.mobile_end }));
  const turn = () => {
    mobileShown = !mobileShown;
    draw();
    at("seen").querySelector("button").focus();
  };
  return h("div", { class: "card buyer" },
    h("div", {}, h("strong", {}, parcel.name), h("br"), number),
    parcel.mobile && button(say(mobileShown ? "hide" : "show"), turn));
}

const goods = () => h("ul", { class: "card goods" }, ...parcel.goods.map((each) =>
  h("li", {}, h("span", {}, each.name, h("br"), quiet(each.sku)), h("b", {}, `× ${each.pieces}`))));

function trail() {
  const steps = [
    ["t_created", parcel.created_at],
    ["t_aside", parcel.aside_at, parcel.aside_by],
    ["t_used", parcel.used_at, parcel.used_by],
    ["t_expires", parcel.expires_at],
  ].filter(([, moment]) => moment);
  return h("ul", { class: "card" }, ...steps.map(([name, moment, who]) =>
    h("li", { class: "line" }, quiet(say(name)), h("span", {}, when(moment), who && ` ${say("by", { who })}`))));
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
