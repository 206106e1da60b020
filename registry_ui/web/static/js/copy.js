// Copy buttons: <button data-copy="text">. A tick says that it worked, to the eye and to a screen reader.
const SHOWN_MS = 1600;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const copied = await copy(button.dataset.copy, button);
  const label = button.dataset.label ?? button.getAttribute("aria-label");
  button.dataset.label = label;
  button.toggleAttribute("data-copied", copied);
  button.setAttribute("aria-label", copied ? "Copied" : "Not copied: select the text and press Ctrl C");
  setTimeout(() => {
    button.removeAttribute("data-copied");
    button.setAttribute("aria-label", label);
  }, SHOWN_MS);
});

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text, button); // pages over plain HTTP from another machine have no clipboard API
  }
}

function copyBySelection(text, button) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  button.after(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  button.focus();
  return done;
}
