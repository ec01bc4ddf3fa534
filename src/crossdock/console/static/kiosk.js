// A cabinet's screen. One section is shown at a time; what was typed is forgotten when it is done with.

const body = document.body;
const number = body.dataset.number;
const texts = JSON.parse(body.dataset.texts);
const idleMs = Number(body.dataset.idleS) * 1000;
const CODE_DIGITS = 6;
const LOOK_MS = 700;
const STATE_MS = 10_000;
const THANKS_MS = 4_000;
const NOT_OPENED_MS = 15_000;

const at = (id) => document.getElementById(id);
const sections = [...document.querySelectorAll("main > section")];
let code = "";
let busy = false;
let idle;
let visit = 0; // one person's turn; what comes late from an earlier one is dropped
const LATE = Symbol("late");

function show(id, notice = "") {
  for (const section of sections) section.hidden = section.id !== id;
  at("notice").textContent = notice;
  stirred();
}

function leave() {
  visit += 1;
  busy = false;
}

function start(notice = "") {
  leave();
  code = "";
  at("code").textContent = "";
  show("entry", notice);
}

function stirred() {
  clearTimeout(idle);
  idle = setTimeout(() => start(), idleMs);
}

async function request(path, data) {
  const options = data === undefined ? {} : {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(data),
  };
  let answer;
  try {
    answer = await fetch(`/kiosk/${number}/${path}`, options);
  } catch {
    return { error: "unreachable", text: texts.unreachable };
  }
  try {
    return await answer.json();
  } catch {
    return { error: "fault", text: texts.fault };
  }
}

async function ask(path, data) {
  const mine = visit;
  const answer = await request(path, data);
  if (visit !== mine) throw LATE;
  return answer;
}

async function once(work) {
  if (busy) return;
  const mine = visit;
  busy = true;
  try {
    await work();
  } catch (trouble) {
    if (trouble !== LATE) throw trouble;
  } finally {
    if (visit === mine) busy = false;
  }
}

// Typing -------------------------------------------------------------------------------

function type(digit) {
  if (at("entry").hidden || busy || code.length >= CODE_DIGITS) return;
  stirred();
  at("notice").textContent = "";
  code += digit;
  at("code").textContent = code;
  if (code.length === CODE_DIGITS) once(enter);
}

function rub() {
  if (at("entry").hidden) return;
  leave();
  show("entry");
  code = code.slice(0, -1);
  at("code").textContent = code;
}

async function enter() {
  at("notice").textContent = texts.wait;
  const answer = await ask("enter", { code });
  if (answer.error) return start(answer.text);
  if (answer.use === "take") return opened(answer, "take_it");
  if (answer.stored) return opened({ box: answer.box }, "lies_there");
  await choose(answer.size);
}

async function choose(booked) {
  const now = await ask("state");
  for (const button of document.querySelectorAll("[data-size]")) {
    const size = button.dataset.size;
    const free = now.free?.[size];
    button.hidden = free === undefined;
    button.disabled = !free;
    button.setAttribute("aria-pressed", String(size === booked));
    button.querySelector(".count").textContent =
      `${free ?? 0} ${texts.free}${size === booked ? ` · ${texts.booked}` : ""}`;
  }
  show("sizes");
}

// Doors --------------------------------------------------------------------------------

async function store(size) {
  show("waiting");
  const answer = await ask("store", { code, size });
  if (answer.error === "full") {
    await choose(size);
    at("notice").textContent = answer.text;
  } else if (answer.error) start(answer.text);
  else opened(answer, "put_it");
}

async function complain(complaint) {
  const box = at("box").textContent;
  show("waiting");
  const answer = await ask("move", { code, complaint });
  if (!answer.error) return opened(answer, "put_it");
  show("open", answer.text);
  at("box").textContent = box;
  if (answer.error === "full") {
    at("keep").hidden = false;
    at("keep").dataset.complaint = complaint;
  }
}

async function keep() {
  const answer = await ask("keep", { code, complaint: at("keep").dataset.complaint });
  if (answer.error) return show("open", answer.text);
  thank(texts.kept);
}

function opened(answer, what) {
  at("box").textContent = answer.box;
  at("what").textContent = texts[what];
  at("complaints").hidden = what === "take_it";
  at("keep").hidden = true;
  show("open");
  if (answer.command_id) watch(answer.command_id, visit);
}

async function watch(command, mine) {
  const since = Date.now();
  const box = at("box").textContent;
  let told = false;
  while (visit === mine && !at("open").hidden && at("box").textContent === box) {
    await new Promise((then) => setTimeout(then, LOOK_MS));
    const facts = await request(`doors/${command}`);
    if (visit !== mine || at("open").hidden || at("box").textContent !== box) return;
    if (facts.closed_at) return thank(texts.shut);
    if (facts.opened_at && told) { at("notice").textContent = ""; told = false; }
    if (!facts.opened_at && !told && Date.now() - since > NOT_OPENED_MS) {
      at("notice").textContent = texts.stays_shut;
      told = true;
    }
    if (facts.opened_at) stirred();
  }
}

function thank(text = "") {
  leave();
  at("shut").textContent = text;
  show("thanks");
  const mine = visit;
  setTimeout(() => { if (visit === mine) start(); }, THANKS_MS);
}

// The cabinet's state -------------------------------------------------------------------

async function look() {
  const now = await request("state");
  if (!at("entry").hidden && !code && !busy) {
    if (now.shown && now.shown !== body.dataset.shown) return location.reload();
    const trouble = now.error ? now.text : now.locked ? texts.locked : now.online ? "" : texts.offline;
    if (trouble || at("notice").dataset.trouble) at("notice").textContent = trouble;
    at("notice").dataset.trouble = trouble;
  }
  at("help").textContent = now.help_line ? `${texts.help}: ${now.help_line}` : "";
}

// Hands, and a bar-code reader that types ------------------------------------------------

for (const button of document.querySelectorAll("[data-digit]"))
  button.addEventListener("click", () => type(button.dataset.digit));
at("clear").addEventListener("click", () => start());
at("rub").addEventListener("click", rub);
for (const button of document.querySelectorAll(".again")) button.addEventListener("click", () => start());
for (const button of document.querySelectorAll("[data-size]"))
  button.addEventListener("click", () => once(() => store(button.dataset.size)));
for (const button of document.querySelectorAll("[data-complaint]:not(#keep)"))
  button.addEventListener("click", () => once(() => complain(button.dataset.complaint)));
at("keep").addEventListener("click", () => once(keep));
at("done").addEventListener("click", () => thank());
for (const button of document.querySelectorAll("[data-language]"))
  button.addEventListener("click", () => {
    document.cookie = `crossdock_language=${button.dataset.language}; path=/; max-age=31536000; samesite=strict`;
    location.reload();
  });
document.addEventListener("keydown", (event) => {
  if (/^[0-9]$/.test(event.key)) type(event.key);
  else if (event.key === "Backspace") rub();
  else if (event.key === "Escape") start();
});
document.addEventListener("pointerdown", stirred);

start();
look();
setInterval(look, STATE_MS);
