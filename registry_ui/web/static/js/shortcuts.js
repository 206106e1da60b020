// Keys: "/" searches, "g m" goes to models and so on, "?" lists them. A switch turns single keys off (WCAG 2.1.4).
const PAUSE_MS = 1200;
const STORED = "shortcuts-off";
const dialog = document.getElementById("shortcuts");
const links = new Map();
for (const link of dialog?.querySelector("[data-shortcut-links]").content.querySelectorAll("a") ?? []) {
  links.set(link.dataset.key, link.getAttribute("href"));
}
let afterG = 0;

document.addEventListener("keydown", (event) => {
  if (isOff() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (event.key === "/") act(event, () => document.getElementById("search")?.select());
  else if (event.key === "?") act(event, openDialog);
  else if (event.key === "g") afterG = event.timeStamp;
  else if (event.timeStamp - afterG < PAUSE_MS && links.has(event.key)) act(event, () => location.assign(links.get(event.key)));
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open-dialog]");
  if (opener) document.getElementById(opener.dataset.openDialog)?.showModal();
  else if (event.target instanceof HTMLDialogElement && event.target.classList.contains("dialog")) event.target.close(); // its backdrop
});

const onOff = dialog?.querySelector("[data-shortcuts-switch]");
if (onOff) {
  onOff.checked = !isOff();
  onOff.addEventListener("change", () => (onOff.checked ? localStorage.removeItem(STORED) : localStorage.setItem(STORED, "1")));
}

function act(event, action) {
  event.preventDefault();
  afterG = 0;
  action();
}

function openDialog() {
  if (dialog && !dialog.open) dialog.showModal();
}

function isTyping(element) {
  return element.isContentEditable || element.closest("input, textarea, select, dialog[open]") !== null;
}

function isOff() {
  try {
    return localStorage.getItem(STORED) !== null;
  } catch {
    return false; // storage is switched off: the keys stay on
  }
}
