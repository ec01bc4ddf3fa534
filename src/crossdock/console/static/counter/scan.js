// The camera, where the browser reads codes by itself. Nothing of what it sees leaves the phone but the code.

import { at, announce, say } from "./show.js";

const LOOK_MS = 150;
const WANTED = ["qr_code", "code_128", "ean_13"];
let stream;
let onCode;

export async function offer(found) {
  onCode = found;
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  const can = await BarcodeDetector.getSupportedFormats().catch(() => []);
  document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); });
at("camera-start").hidden = !can.includes("qr_code");
}

export function stop() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = undefined;
  at("camera").hidden = true;
}

async function start() {
  const video = at("camera").querySelector("video");
  const can = await BarcodeDetector.getSupportedFormats();
  const detector = new BarcodeDetector({ formats: WANTED.filter((format) => can.includes(format)) });
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    at("note").textContent = say("camera_no");
    return;
  }
  const mine = stream;
  video.srcObject = stream;
  at("camera").hidden = false;
  await video.play();
  while (stream === mine) {
    const [seen] = await detector.detect(video).catch(() => []);
    if (seen && stream === mine) {
      stop();
      navigator.vibrate?.(60);
      announce(seen.rawValue);
      return onCode(seen.rawValue);
    }
    await new Promise((then) => setTimeout(then, LOOK_MS));
  }
}

at("camera-start").addEventListener("click", start);
at("camera-stop").addEventListener("click", () => { stop(); at("camera-start").focus(); });
