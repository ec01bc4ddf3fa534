// The camera, where the browser reads codes by itself. Nothing of what it sees leaves the handheld but the code.

const LOOK_MS = 150;
const WANTED = ["qr_code", "data_matrix", "code_128", "code_39", "ean_13", "ean_8", "upc_a", "itf"];
let stream;
let started = 0;

const at = (id) => document.getElementById(id);

export async function offer(found) {
  stop();
  const start = at("camera-start");
  if (!start || !("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  const can = await BarcodeDetector.getSupportedFormats().catch(() => []);
  start.hidden = !can.length;
  start.addEventListener("click", () => look(found));
  at("camera-stop").addEventListener("click", () => { stop(); start.focus(); });
}

function stop() {
  started += 1;
  stream?.getTracks().forEach((track) => track.stop());
  stream = undefined;
  if (at("camera")) at("camera").hidden = true;
}

async function look(found) {
  stop();
  const mine = started;
  const can = await BarcodeDetector.getSupportedFormats();
  const detector = new BarcodeDetector({ formats: WANTED.filter((format) => can.includes(format)) });
  let opened;
  try {
    opened = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    if (mine === started) at("camera-start").textContent = at("camera-start").dataset.no;
    return;
  }
  if (mine !== started) return opened.getTracks().forEach((track) => track.stop()); // allowed too late
  const video = at("camera").querySelector("video");
  stream = video.srcObject = opened;
  at("camera").hidden = false;
  await video.play().catch(() => {});
  while (mine === started) {
    const [seen] = await detector.detect(video).catch(() => []);
    if (seen && mine === started) {
      stop();
      return found(seen.rawValue);
    }
    await new Promise((then) => setTimeout(then, LOOK_MS));
  }
}

document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); });
