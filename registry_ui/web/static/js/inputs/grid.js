// A table of cells: add lines and columns, paste from a spreadsheet or CSV, move with the arrow keys.
document.addEventListener("click", (event) => {
  const table = event.target.closest(".input, .choice-panel")?.querySelector("[data-grid] table");
  if (!table) return;
  if (event.target.closest("[data-add-line]")) cellsOf(addLine(table))[0].focus();
  if (event.target.closest("[data-add-column]")) addColumn(table).focus();
});

document.addEventListener("keydown", (event) => {
  const cell = event.target.closest?.(".grid-cell");
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!cell || !step) return;
  const lines = [...cell.closest("table").rows];
  const line = lines[cell.closest("tr").rowIndex + step];
  if (!line) return;
  event.preventDefault();
  line.cells[cell.parentElement.cellIndex].querySelector("input").focus();
});

document.addEventListener("paste", (event) => {
  const cell = event.target.closest?.(".grid-cell");
  const text = cell && event.clipboardData.getData("text");
  if (!text || !/[\n\t]/.test(text.trim())) return;
  event.preventDefault();
  fill(cell, text.trim().split(/\r?\n/).map((line) => line.split(line.includes("\t") ? "\t" : ",")));
});

function fill(cell, pasted) {
  const table = cell.closest("table");
  const top = cell.closest("tr").rowIndex;
  const left = cell.parentElement.cellIndex;
  while (table.rows[0].cells.length < left + Math.max(...pasted.map((line) => line.length))) addColumn(table);
  while (table.rows.length < top + pasted.length) addLine(table);
  pasted.forEach((line, down) => line.forEach((value, right) => (cellsOf(table.rows[top + down])[left + right].value = value.trim())));
}

function addLine(table) {
  const line = table.tBodies[0].rows[0].cloneNode(true);
  for (const cell of cellsOf(line)) cell.value = "";
  table.tBodies[0].append(line);
  return line;
}

function addColumn(table) {
  for (const line of table.rows) {
    const cell = line.cells[0].cloneNode(true);
    cell.querySelector("input").value = "";
    line.append(cell);
  }
  return cellsOf(table.rows[0]).at(-1);
}

const cellsOf = (line) => [...line.querySelectorAll("input")];
