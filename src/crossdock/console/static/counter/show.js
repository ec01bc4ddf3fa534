// Small helpers: elements, texts, times. Text goes into elements as text only.

export const at = (id) => document.getElementById(id);
const texts = JSON.parse(at("app").dataset.said);
const SECTIONS = [...document.querySelectorAll("#app > section")];
let zone;

export const say = (name, facts = {}) => texts[name].replace(/\{(\w+)\}/g, (_, fact) => facts[fact] ?? "");
export const known = (name) => name in texts;
export const pieces = (n) => say(n === 1 ? "piece" : "pieces", { n });

export function h(tag, facts = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(name, value);
  }
  made.append(...inside.filter((each) => each || each === 0));
  return made;
}

export const quiet = (text) => h("span", { class: "quiet" }, text);
export const button = (text, onclick) => h("button", { type: "button", class: "soft", onclick }, text);

export function live(zoneOfShop) {
  zone = zoneOfShop;
}

const format = (moment, parts) =>
  new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: zone, ...parts }).format(moment);
const day = (moment) => format(moment, { year: "numeric", month: "numeric", day: "numeric" });

export function when(iso) {
  const moment = new Date(iso);
  const time = format(moment, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return day(moment) === day(new Date()) ? time : `${format(moment, { month: "short", day: "numeric" })} ${time}`;
}

export function show(id) {
  for (const section of SECTIONS) section.hidden = section.id !== id;
  const tab = `#${id === "parcel" ? "parcels" : id}`;
  for (const link of document.querySelectorAll("#bar a")) {
    link.removeAttribute("aria-current");
    if (link.hash === tab) link.setAttribute("aria-current", "page");
  }
  scrollTo(0, 0);
}

export const shown = (id) => !at(id).hidden;

// Said aloud; an error that came twice is said twice.
export function announce(text) {
  at("said").textContent = "";
  requestAnimationFrame(() => { at("said").textContent = text; });
}

for (const button of document.querySelectorAll("[data-close]"))
  button.addEventListener("click", () => button.closest("dialog").close());
