// A table of rules in the page: only what was changed is sent, as one field, so that a long table is a short form.

const form = document.getElementById("edit");
const add = document.getElementById("add");
const count = document.getElementById("count");
const body = form.querySelector("tbody");
const fresh = document.getElementById("fresh");

function changes() {
  const cells = {};
  for (const field of body.querySelectorAll("[data-cell]")) {
    if (field.value !== field.dataset.was) cells[field.dataset.cell] = field.value;
  }
  const removed = [...body.querySelectorAll("tr[data-row].removed")].map((row) => Number(row.dataset.row));
  const added = [...body.querySelectorAll("tr[data-new]")]
    .map((row) => [...row.querySelectorAll("textarea, select")].map((field) => field.value))
    .filter((row) => row.some((text) => text.trim() !== ""));
  return { cells, removed, added };
}

function size(one) {
  return Object.keys(one.cells).length + one.removed.length + one.added.length;
}

function told() {
  const n = size(changes());
  count.textContent = n ? count.dataset.text.replace("#", String(n)) : "";
}

function fit(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}

function mark(row, isRemoved) {
  row.classList.toggle("removed", isRemoved);
  row.querySelector("[data-remove]").setAttribute("aria-pressed", String(isRemoved));
}

function addRow(texts = []) {
  const row = fresh.content.firstElementChild.cloneNode(true);
  [...row.querySelectorAll("textarea, select")].forEach((field, at) => { field.value = texts[at] ?? ""; });
  body.append(row);
  return row;
}

// What was refused stands in the page again, as it was typed.
function restore(text) {
  const pending = JSON.parse(text);
  for (const [place, value] of Object.entries(pending.cells)) {
    const field = body.querySelector(`[data-cell="${CSS.escape(place)}"]`);
    if (field) field.value = value;
  }
  for (const number of pending.removed) {
    const row = body.querySelector(`tr[data-row="${number}"]`);
    if (row) mark(row, true);
  }
  pending.added.forEach((row) => addRow(row));
}

if (add) {
  if (form.dataset.pending) restore(form.dataset.pending);
  body.querySelectorAll("textarea").forEach(fit);
  add.addEventListener("click", () => { addRow().querySelector("textarea, select").focus(); });
  body.addEventListener("input", (event) => {
    if (event.target.matches("textarea")) fit(event.target);
    event.target.classList.toggle("changed", event.target.dataset.was !== undefined && event.target.value !== event.target.dataset.was);
    told();
  });
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (event.target.matches("[data-remove]")) mark(row, !row.classList.contains("removed"));
    if (event.target.matches("[data-drop]")) row.remove();
    told();
  });
  let isSent = false;
  form.addEventListener("submit", (event) => {
    const made = changes();
    if (!size(made)) { event.preventDefault(); return; }
    form.elements.changes.value = JSON.stringify(made);
    isSent = true;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!isSent && size(changes())) event.preventDefault();
  });
  told();
}
