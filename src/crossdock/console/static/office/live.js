// A part of the page is fetched again when the server says that something happened; where it says nothing, now and then.
const NOW_AND_THEN_MS = 60_000;
const part = document.querySelector("[data-live]");
let fetching = false;
let missed = false;

async function refresh() {
  const busy = part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea, button");
  if (fetching) missed = true;
  if (fetching || busy || document.hidden) return;
  fetching = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(part.id);
    if (!fresh) return answer.status < 500 && location.reload();
    const open = [...part.querySelectorAll("details")].map((one) => one.open);
    part.replaceChildren(...fresh.childNodes);
    const details = [...part.querySelectorAll("details")];
    if (details.length === open.length) details.forEach((one, at) => (one.open = open[at]));
  } catch {
    // The next time will do.
  } finally {
    fetching = false;
  }
  if (missed) {
    missed = false;
    refresh();
  }
}

if (part) {
  const source = new EventSource(part.dataset.live);
  source.addEventListener("changed", refresh);
  source.addEventListener("over", () => location.reload());
  setInterval(refresh, NOW_AND_THEN_MS);
  document.addEventListener("visibilitychange", refresh);
}
