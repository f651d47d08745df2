"use strict";
// Tables that are sorted by a click on their headings. A cell's data-value goes before its text.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    if (head.classList.contains("fixed")) return;
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const falling = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
      const order = (a, b) => a.localeCompare(b, undefined, { numeric: true });
      const byNumber = (a, b) => Number(a) - Number(b);
      const rows = [...table.tBodies[0].rows];
      const numbers = rows.every((row) => value(row) === "" || !Number.isNaN(Number(value(row))));
      rows.sort((a, b) => (numbers ? byNumber : order)(value(a), value(b)) * (falling ? -1 : 1));
      table.tBodies[0].append(...rows);
    });
  });
}
