// Ticks for the parts of the frame that stay fresh (hx-trigger="frame-tick from:body"); none while nobody looks.
const EVERY_MS = 15000;

function tick() {
  if (document.visibilityState === "visible") document.body.dispatchEvent(new CustomEvent("frame-tick"));
}

setInterval(tick, EVERY_MS);
document.addEventListener("visibilitychange", tick);
