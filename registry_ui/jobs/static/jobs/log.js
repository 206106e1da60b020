// A log that grows: it stays at its end if it was there, and where the reader is if not.
const LOG = "[data-follows-end]";
const NEAR_PX = 24;
let kept = null;

document.body.addEventListener("htmx:beforeSwap", () => {
  const log = document.querySelector(LOG);
  kept = log && { top: log.scrollTop, followed: isAtEnd(log) };
});

document.body.addEventListener("htmx:afterSwap", () => {
  const log = document.querySelector(LOG);
  if (!log) return;
  log.scrollTop = !kept || kept.followed ? log.scrollHeight : kept.top;
});

const first = document.querySelector(LOG);
if (first) first.scrollTop = first.scrollHeight;

function isAtEnd(log) {
  return log.scrollHeight - log.clientHeight - log.scrollTop < NEAR_PX;
}
