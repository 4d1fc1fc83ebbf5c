#include "report/page/html.h"

namespace octet {

namespace {

std::string_view page_script() {
  return R"js(
"use strict";

// Tables: a click on a heading sorts by that column, a second click turns the order round.
const valueOf = (cell) => {
  const text = cell.textContent.trim();
  const number = text.replace(/,/g, "").match(/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?/i);
  return number ? Number(number[0]) : text;
};
const isMissing = (value) => value === "" || value === "n/a" || value === "not measured";
const compare = (a, b) => {
  if (isMissing(a) || isMissing(b)) return 0;
  if (typeof a === typeof b) return typeof a === "number" ? a - b : a.localeCompare(b, "en", {numeric: true});
  return typeof a === "number" ? -1 : 1;
};
const sortBy = (table, column, heading) => {
  const descending = heading.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const rows = [...table.tBodies[0].rows].map((row) => ({row, value: valueOf(row.cells[column])}));
  rows.sort((a, b) => {
    const missing = isMissing(a.value) - isMissing(b.value);  // what was not measured stays below
    return missing !== 0 ? missing : (descending ? -1 : 1) * compare(a.value, b.value);
  });
  table.tBodies[0].append(...rows.map((each) => each.row));
};
for (const table of document.querySelectorAll("table")) {
  if (table.tBodies[0].rows.length < 2) continue;
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.title = "Sort by this column";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sortBy(table, column, heading));
    heading.append(button);
  });
}

// The table of contents marks the part that is read.
const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    for (const link of links.values()) link.removeAttribute("aria-current");
    links.get(entry.target.id).setAttribute("aria-current", "true");
  }
}, {rootMargin: "-20% 0px -75% 0px"});
for (const id of links.keys()) watcher.observe(document.getElementById(id));

// Paper cannot be clicked on.
const unfolded = [];
window.addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details.printed:not([open])")) {
    part.open = true;
    unfolded.push(part);
  }
});
window.addEventListener("afterprint", () => {
  for (const part of unfolded.splice(0)) part.open = false;
});
)js";
}

}  // namespace

const std::string& report_script() {
  static const std::string script = std::string(page_script()) + std::string(microscope_script());
  return script;
}

}  // namespace octet
