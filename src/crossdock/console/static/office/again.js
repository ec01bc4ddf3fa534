// A part of the page that goes on by itself is fetched again until it has come to its end; then the whole page is.
const WAIT_MS = 1000;

async function again(part) {
  const answer = await fetch(part.dataset.again, { headers: { accept: "text/html" } }).catch(() => null);
  if (!answer || !answer.ok) return setTimeout(again, 3 * WAIT_MS, part);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(part.id);
  if (!fresh || !fresh.dataset.again) return location.reload();
  part.replaceChildren(...fresh.childNodes);
  setTimeout(again, WAIT_MS, part);
}

for (const part of document.querySelectorAll("[data-again]")) setTimeout(again, WAIT_MS, part);
