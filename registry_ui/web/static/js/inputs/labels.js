// Labels as chips over their text area, which stays what is sent: Enter or a comma adds one, Backspace takes the last back.
document.body.addEventListener("htmx:load", (event) => event.target.querySelectorAll("[data-labels]").forEach(dress));
document.querySelectorAll("[data-labels]").forEach(dress);

function dress(box) {
  if (box.querySelector(".labels-entry")) return;
  const area = box.querySelector("textarea");
  const entry = document.createElement("input");
  entry.className = "labels-entry";
  entry.type = "text";
  entry.id = `${area.id}-entry`;
  entry.dir = "auto";
  entry.placeholder = "Add a label";
  entry.setAttribute("aria-label", "Add a label");
  entry.setAttribute("aria-describedby", area.getAttribute("aria-describedby"));
  const chips = document.createElement("ul");
  chips.className = "labels-chips";
  area.hidden = true;
  document.querySelector(`label[for="${CSS.escape(area.id)}"]`)?.setAttribute("for", entry.id);
  box.classList.add("labels-dressed");
  box.append(chips, entry);
  box.addEventListener("click", (event) => event.target === box && entry.focus());
  entry.addEventListener("keydown", (event) => press(event, area, chips, entry));
  entry.addEventListener("paste", (event) => paste(event, area, chips));
  entry.addEventListener("blur", () => addFrom(entry, area, chips));
  draw(area, chips);
}

function press(event, area, chips, entry) {
  if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === ",") {
    event.preventDefault();
    addFrom(entry, area, chips);
  } else if (event.key === "Enter") {
    addFrom(entry, area, chips);
  } else if (event.key === "Backspace" && entry.value === "") {
    const labels = labelsOf(area);
    entry.value = labels.pop() ?? "";
    if (entry.value) event.preventDefault();
    write(area, chips, labels);
  }
}

function paste(event, area, chips) {
  const text = event.clipboardData.getData("text");
  if (!/[\n,]/.test(text)) return;
  event.preventDefault();
  write(area, chips, [...labelsOf(area), ...text.split(/[\n,]/)]);
}

function addFrom(entry, area, chips) {
  if (!entry.value.trim()) return;
  write(area, chips, [...labelsOf(area), entry.value]);
  entry.value = "";
}

function write(area, chips, labels) {
  // A second line keeps commas inside labels: the server splits a single line at them.
  area.value = [...new Set(labels.map((label) => label.trim()).filter(Boolean))].join("\n");
  draw(area, chips);
}

function draw(area, chips) {
  chips.replaceChildren(
    ...labelsOf(area).map((label) => {
      const chip = document.createElement("li");
      const button = document.createElement("button");
      chip.className = "chip";
      chip.append(label);
      button.type = "button";
      button.textContent = "×";
      button.setAttribute("aria-label", `Remove ${label}`);
      button.addEventListener("click", () => write(area, chips, labelsOf(area).filter((each) => each !== label)));
      chip.append(button);
      return chip;
    }),
  );
}

function labelsOf(area) {
  const lines = area.value.split("\n").filter((line) => line.trim());
  return (lines.length === 1 ? lines[0].split(",") : lines).map((label) => label.trim()).filter(Boolean);
}
