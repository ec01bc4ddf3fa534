// The page is whole without this: it brings news while it is looked at, and keeps the screen on when wanted.

const at = (id) => document.getElementById(id);
let lock = null;
let wanted = false;
let timer;

function later(seconds) {
  clearTimeout(timer);
  timer = setTimeout(refresh, seconds * 1000);
}

async function refresh() {
  let wait = Number(at("rest").dataset.refreshS);
  if (document.hidden) return later(wait);
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    else if (answer.status === 404) return location.reload();
    else wait = Math.max(wait, Number(answer.headers.get("retry-after")) || 0);
    at("stale").textContent = answer.ok ? "" : at("stale").dataset.text;
  } catch {
    at("stale").textContent = at("stale").dataset.text;
  }
  later(wait);
}

function show(fresh) {
  for (const id of ["state", "rest"]) {
    const [old, now] = [at(id), fresh.getElementById(id)];
    old.className = now.className;
    if (old.dataset.shown === now.innerHTML) continue;
    old.dataset.shown = now.innerHTML;
    old.replaceChildren(...now.childNodes);
  }
  buttons();
}

function buttons() {
  for (const button of document.querySelectorAll(".awake")) {
    button.hidden = !("wakeLock" in navigator);
    button.setAttribute("aria-pressed", String(wanted));
  }
}

async function keepAwake() {
  if (!wanted || document.hidden) return;
  try {
    lock = await navigator.wakeLock.request("screen");
  } catch {
    wanted = false; // the phone saves its battery
  }
  buttons();
}

document.addEventListener("click", (event) => {
  if (!event.target.closest(".awake")) return;
  wanted = !wanted;
  if (!wanted) lock?.release();
  keepAwake();
  buttons();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  keepAwake();
  later(0);
});

for (const id of ["state", "rest"]) at(id).dataset.shown = at(id).innerHTML;
buttons();
later(Number(at("rest").dataset.refreshS));
