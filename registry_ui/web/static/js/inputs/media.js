// Images, sounds and films: choose, drop or paste one, see what will be sent, take it away again.
const TAGS = { image: "img", audio: "audio", video: "video" };

document.addEventListener("change", (event) => {
  const zone = event.target.closest("[data-drop]");
  if (zone && event.target.type === "file") show(zone, event.target.files[0]);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-clear]")) clear(event.target.closest("[data-drop]"));
});

for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    const zone = event.target.closest?.("[data-drop]");
    if (!zone || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    zone.toggleAttribute("data-over", true);
  });
}

document.addEventListener("dragleave", (event) => {
  const zone = event.target.closest?.("[data-drop]");
  if (zone && !zone.contains(event.relatedTarget)) zone.removeAttribute("data-over");
});

document.addEventListener("drop", (event) => {
  const zone = event.target.closest?.("[data-drop]");
  if (!zone) return;
  event.preventDefault();
  zone.removeAttribute("data-over");
  if (event.dataTransfer.files[0]) take(zone, event.dataTransfer.files[0]);
});

document.addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files ?? [])][0];
  if (!file) return;
  const zones = [...document.querySelectorAll("[data-drop]")].filter((zone) => file.type.startsWith(`${zone.dataset.drop}/`));
  const zone = event.target.closest?.("[data-drop]") ?? zones.find((each) => !each.querySelector("[data-shown] > *")) ?? zones[0];
  if (!zone) return;
  event.preventDefault();
  take(zone, file);
});

// Put a file into the zone's own input, so that the form sends it like a chosen one.
export function take(zone, file) {
  const carrier = new DataTransfer();
  carrier.items.add(file);
  zone.querySelector("[type=file]").files = carrier.files;
  show(zone, file);
}

function show(zone, file) {
  if (!file) return;
  forget(zone);
  const element = document.createElement(TAGS[zone.dataset.drop]);
  element.src = URL.createObjectURL(file);
  if (element instanceof HTMLImageElement) element.alt = `The image that will be sent: ${file.name}`;
  else element.controls = true;
  zone.querySelector("[data-shown]").replaceChildren(element);
  zone.querySelector("[data-clear]").hidden = false;
  zone.querySelector("[data-file-name]").textContent = "Choose another";
}

function clear(zone) {
  forget(zone);
  zone.querySelector("[type=file]").value = "";
  zone.querySelector("[data-shown]").replaceChildren();
  zone.querySelector("[data-clear]").hidden = true;
  zone.querySelector("[data-file-name]").textContent = "Choose a file";
  zone.querySelector("[type=file]").focus();
}

// What was there before (an example, an earlier upload) no longer counts.
function forget(zone) {
  for (const kept of zone.querySelectorAll("[data-kept]")) kept.value = "";
  const shown = zone.querySelector("[data-shown] > [src^='blob:']");
  if (shown) URL.revokeObjectURL(shown.src);
}
