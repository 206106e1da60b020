// Text areas say how many characters they hold; they grow by CSS (field-sizing), and here where a browser lacks it.
const growsBySelf = CSS.supports("field-sizing", "content");

document.addEventListener("input", (event) => touch(event.target));
document.body.addEventListener("htmx:load", (event) => event.target.querySelectorAll("textarea").forEach(touch));
document.querySelectorAll("textarea").forEach(touch);

export function touch(area) {
  if (!(area instanceof HTMLTextAreaElement)) return;
  if (!growsBySelf && area.classList.contains("grows")) {
    area.rows = Math.min(20, Math.max(area.dataset.rows ??= area.rows, area.value.split("\n").length));
  }
  if (area.hasAttribute("data-counted")) counterOf(area).textContent = words(area.value);
}

function words(text) {
  const count = [...text].length; // code points, as the server counts
  return `${count.toLocaleString("en")} character${count === 1 ? "" : "s"}`;
}

function counterOf(area) {
  if (area.nextElementSibling?.classList.contains("counter")) return area.nextElementSibling;
  const counter = document.createElement("span");
  counter.className = "counter";
  counter.setAttribute("aria-hidden", "true");
  area.after(counter);
  return counter;
}
