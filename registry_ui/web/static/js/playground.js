// The playground's form: Ctrl+Enter runs, errors are told to screen readers too, a chat goes on with its answer.
import "./inputs/grows.js";
import "./inputs/media.js";
import "./inputs/recorder.js";
import "./inputs/camera.js";
import { goOn } from "./inputs/composer.js";
import "./inputs/labels.js";
import "./inputs/grid.js";

const ROW_FOLLOWS_MS = 600; // the history is written after the answer

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest("[data-predict]") ?? document.querySelector("[data-predict]");
  if (!form) return;
  event.preventDefault();
  form.requestSubmit();
});

document.body.addEventListener("htmx:afterSettle", (event) => {
  markInvalid();
  const result = document.getElementById("result");
  if (!result || result.getAttribute("aria-busy") || event.detail.elt.id !== "result") return;
  goOn(result);
  bringIntoView(result.closest(".result-panel"));
  setTimeout(() => document.body.dispatchEvent(new CustomEvent("predicted")), ROW_FOLLOWS_MS);
});

document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.matches("[data-predict]")) document.body.dispatchEvent(new CustomEvent("asked"));
});

// On a phone the answer lies below what was asked.
function bringIntoView(panel) {
  const { top } = panel.getBoundingClientRect();
  const isSeen = top >= 0 && top < innerHeight * 0.66;
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (!isSeen) panel.scrollIntoView({ behavior: isCalm ? "auto" : "smooth", block: "start" });
}

// A place of errors that is not empty makes the controls that it describes invalid; the first one gets the focus.
function markInvalid() {
  let first = null;
  for (const place of document.querySelectorAll("[data-predict] .form-error")) {
    const isInvalid = place.textContent.trim() !== "";
    for (const control of document.querySelectorAll(`[aria-describedby~="${CSS.escape(place.id)}"]`)) {
      if (isInvalid && control.getAttribute("aria-invalid") !== "true") first ??= control;
      control.toggleAttribute("aria-invalid", isInvalid);
      if (isInvalid) control.setAttribute("aria-invalid", "true");
    }
  }
  if (!first) return;
  for (let fold = first.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  first.focus();
}

markInvalid();
