// The one field of a screen. Scans are sent one after the other, however fast they come; the page changes behind them.
// What is refused stops the rest, which is named; it stays until it was read or the right thing was scanned.

import { offer } from "./camera.js";
import { sound } from "./sound.js";

const queue = [];
let busy = false;

const form = () => document.querySelector("form[data-scan]");
const field = () => form()?.querySelector("#scan");

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return [...bytes].map((byte, at) => ([4, 6, 8, 10].includes(at) ? "-" : "") + byte.toString(16).padStart(2, "0")).join("");
}

export function submit(code) {
  field().value = code;
  form().requestSubmit();
}

function take(sent) {
  const data = new URLSearchParams(new FormData(sent));
  data.set("operation_id", newId());
  queue.push({ address: sent.action, data, code: data.get(field().name), renewed: true });
  field().value = "";
  field().focus();
  work();
}

// A button waits its turn among the scans; so the page never goes away under a scanner that types.
function tap(sent) {
  const data = new URLSearchParams(new FormData(sent));
  field().focus();
  if (queue.some((one) => one.data.get("operation_id") === data.get("operation_id"))) return;
  queue.push({ address: sent.action, data, code: sent.querySelector("button").textContent.trim(), renewed: false });
  work();
}

async function work() {
  if (busy) return;
  busy = true;
  while (queue.length) {
    const { address, data, renewed } = queue[0];
    let answer;
    try {
      if (renewed) renew(address, data);
      answer = await fetch(address, { method: "POST", body: data });
      await put(answer, await answer.text());
    } catch {
      lost();
      break;
    }
    queue.shift();
    if (document.getElementById("failure") && queue.length) {
      unsent(document.getElementById("unsent"), queue.splice(0).map((one) => one.code));
    }
  }
  busy = false;
}

// What a scan is about may have changed since it was read: fields with data-now are those of the page as it is now.
function renew(address, data) {
  if (form()?.action !== address) return;
  for (const one of form().querySelectorAll("input[data-now]")) data.set(one.name, one.value);
}

async function put(answer, text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const typed = field()?.value ?? "";
  document.title = page.title;
  document.querySelector("main").replaceWith(page.querySelector("main"));
  if (answer.redirected && answer.url !== location.href) history.replaceState(null, "", answer.url);
  const now = field();
  if (now && typed) now.value = typed;
  shown();
}

function lost() {
  const banner = document.getElementById("no-line");
  banner.hidden = false;
  unsent(banner.querySelector("[data-text]"), queue.splice(0).map((one) => one.code));
  sound("wrong");
}

function unsent(place, codes) {
  place.textContent = place.dataset.text.replace("{codes}", codes.join(", "));
  place.hidden = false;
}

function shown() {
  const telling = document.querySelector("[data-sound]");
  if (telling) sound(telling.dataset.sound);
  const now = field();
  now?.focus();
  if (now?.value && document.getElementById("failure")) now.select();
  if (!now) document.getElementById("failure")?.focus();
  offer(submit);
  document.dispatchEvent(new Event("shown"));
}

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || !form() || !event.target.matches("form[data-scan], main form.tap")) return;
  event.preventDefault();
  if (event.target.matches(".tap")) tap(event.target);
  else if (field().value.trim()) take(event.target);
});

// A scanner types wherever the page is; fields of other forms keep what is typed into them.
document.addEventListener("keydown", (event) => {
  const elsewhere = event.target.closest?.("input, select, textarea, button, a, summary");
  if (elsewhere || event.ctrlKey || event.altKey || event.metaKey || event.key.length !== 1) return;
  field()?.focus();
});

shown();
