#include "report/page/html.h"

namespace octet {

std::string_view report_style() {
  return R"css(
:root {
  --ink: #1f2933; --muted: #616e7c; --line: #d5dbe1; --grid: #e4e7eb; --paper: #ffffff; --page: #f5f7f9;
  --accent: #0072b2; --warm: #fff6e0; --warm-line: #e69f00; --same: #7b8794;
  --blue: #0072b2; --orange: #e69f00; --green: #009e73; --red: #d55e00;
  --purple: #cc79a7; --sky: #56b4e9;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e7eb; --muted: #a3b0bd; --line: #3b4652; --grid: #323c47; --paper: #1d242c; --page: #14191f;
    --accent: #56b4e9; --warm: #33290f; --warm-line: #b37b00; --same: #8593a1;
    --blue: #3d9ddb; --orange: #e9a820; --green: #2bb58c; --red: #ec7a31;
    --purple: #d996bc; --sky: #84c9f2;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 64px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
header, main { max-width: 1080px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 40px; }
.brand { margin: 0; color: var(--accent); font-weight: 600; letter-spacing: .04em; }
h1 { margin: 0 0 12px; font-size: 2rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 0 0 16px; font-size: 1.35rem; }
h3 { margin: 0 0 8px; font-size: 1.05rem; overflow-wrap: anywhere; }
.lead { max-width: 75ch; margin: 0 0 24px; font-size: 1.08rem; }
section {
  margin: 0 0 24px; padding: 24px; background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
}
a { color: var(--accent); }
p { max-width: 80ch; margin: 0 0 12px; }
.small { color: var(--muted); font-size: .9rem; }
.notice {
  max-width: none; padding: 10px 16px; background: var(--warm); border-left: 4px solid var(--warm-line); border-radius: 4px;
}
nav { position: sticky; top: 0; z-index: 2; margin: 0 0 20px; background: var(--page); border-bottom: 1px solid var(--line); }
nav ul { display: flex; gap: 4px; max-width: 1080px; margin: 0 auto; padding: 8px 24px; overflow-x: auto; list-style: none; }
nav a { display: block; padding: 4px 10px; border-radius: 6px; font-size: .9rem; text-decoration: none; white-space: nowrap; }
nav a:hover { text-decoration: underline; }
nav a[aria-current] { background: var(--accent); color: var(--paper); }
.scroll { overflow-x: auto; margin: 0 0 12px; }
table { width: 100%; border-collapse: collapse; font-size: .93rem; font-variant-numeric: tabular-nums; }
th, td { padding: 8px 12px; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
th { font-weight: 600; }
thead th { border-bottom: 2px solid var(--muted); vertical-align: bottom; }
td { white-space: nowrap; }
th.text, td.text { max-width: 44ch; white-space: normal; text-align: left; overflow-wrap: break-word; min-width: 9ch; }
th:first-child, td:first-child { position: sticky; left: 0; background: var(--paper); }
.sort { all: unset; cursor: pointer; }
.sort:hover { text-decoration: underline; }
.sort:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
th[aria-sort="ascending"] .sort::after { content: " \25B2"; }
th[aria-sort="descending"] .sort::after { content: " \25BC"; }
.headline { font-size: .9rem; }
.headline th, .headline td { padding: 7px; }
.headline td.text { white-space: normal; min-width: 170px; }
.headline td.text .small { display: block; line-height: 1.35; font-size: .8rem; }
.compared { font-size: .87rem; }
.compared th, .compared td { padding: 6px 7px; }
.compared td.text { white-space: normal; min-width: 130px; }
.compared td.text .small { display: block; line-height: 1.4; }
.interval { display: block; color: var(--muted); font-size: .85rem; }
.choices { font-size: 1.05rem; margin: 12px 0 16px; }
.verdicts h3 { margin-top: 18px; }
.verdicts h3:first-child { margin-top: 0; }
ul { margin: 0 0 12px; padding-left: 22px; max-width: 85ch; }
figure { margin: 0 0 36px; }
figure:last-child { margin-bottom: 0; }
figure .picture { overflow-x: auto; }
figure svg { display: block; width: 100%; height: auto; min-width: 640px; margin: 0 auto; }
figure svg g, figure svg text { font-family: inherit; }
figcaption { max-width: 85ch; margin-top: 8px; color: var(--muted); font-size: .95rem; }
figcaption b { color: var(--ink); }
.downloads { display: block; font-size: .85rem; }
pre {
  margin: 0 0 16px; padding: 14px 16px; background: var(--page); border: 1px solid var(--line); border-radius: 6px;
  white-space: pre-wrap; overflow-wrap: anywhere; font: .9rem/1.5 ui-monospace, "DejaVu Sans Mono", Consolas, monospace;
}
pre .prompt { font-weight: 700; }
pre .same { color: var(--same); }
pre .new { box-shadow: inset 0 -1px var(--accent); }
.samples { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 0 20px; }
details { margin: 0 0 12px; }
.facts + details { margin-top: 16px; }
summary { cursor: pointer; color: var(--accent); }
details[open] summary { margin-bottom: 8px; }
.live { margin: 0 0 24px; padding: 16px; border: 1px solid var(--line); border-radius: 8px; }
.live[hidden] { display: none; }
.controls { display: flex; flex-wrap: wrap; gap: 12px 24px; margin: 0 0 12px; }
.controls label { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; max-width: 100%; }
.controls select { max-width: 100%; font: inherit; }
.controls input { width: 200px; max-width: 100%; accent-color: var(--accent); }
.controls output { min-width: 3.5em; font-weight: 600; }
.readout { font-variant-numeric: tabular-nums; }
.live svg { display: block; width: 100%; max-width: 720px; height: auto; font-size: 12px; }
.live text { fill: var(--ink); } .live .small { font-size: 11px; fill: var(--muted); }
.live .middle { text-anchor: middle; } .live .end { text-anchor: end; }
.live .axis { stroke: var(--muted); } .live .column { fill: var(--blue); }
.live .level { stroke: var(--orange); stroke-width: 1.5; } .live .wasted { stroke: var(--same); stroke-dasharray: 3 3; }
.live .curve { fill: none; stroke: var(--green); stroke-width: 2; } .live .bound { stroke: var(--red); }
.live .now { fill: var(--orange); stroke: var(--ink); }
.bar { display: flex; height: 14px; margin: 4px 0 6px; border-radius: 4px; overflow: hidden; background: var(--grid); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 0 0 16px; color: var(--muted); font-size: .88rem; }
.legend i { display: inline-block; width: 10px; height: 10px; margin-right: 6px; border-radius: 2px; }
.c0 { background: var(--blue); } .c1 { background: var(--orange); } .c2 { background: var(--green); } .c3 { background: var(--same); }
.facts { display: grid; grid-template-columns: minmax(140px, max-content) 1fr; gap: 6px 24px; margin: 0; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 600px) {
  header, main, nav ul { padding-left: 12px; padding-right: 12px; }
  header { padding-top: 24px; }
  h1 { font-size: 1.5rem; }
  section { padding: 16px; }
  th, td { padding: 7px 8px; }
  th.text, td.text { min-width: 110px; }
  .headline td.text { min-width: 0; max-width: 34vw; }
  .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd { margin-bottom: 8px; }
}
@media (min-width: 1400px) {
  body { padding-left: 250px; }
  nav { position: fixed; inset: 0 auto 0 0; width: 250px; margin: 0; overflow-y: auto; border: none; border-right: 1px solid var(--line); }
  nav ul { display: block; padding: 40px 16px; }
  nav a { white-space: normal; }
  html { scroll-padding-top: 16px; }
}
@media print {
  @page { size: A4; margin: 12mm; }
  :root { color-scheme: light; }
  html { font-size: 9.5pt; }
  body { background: none; font-size: 1rem; padding: 0; }
  header, main { max-width: none; padding: 0; }
  nav, .downloads, .live { display: none; }
  section { border: none; padding: 8px 0; }
  h2, h3 { break-after: avoid; }
  figure, tr, pre { break-inside: avoid; }
  pre { break-inside: auto; }
  .scroll, figure .picture { overflow: visible; }
  figure svg { min-width: 0; }
  table { font-size: 7.5pt; }
  th, td, .headline th, .headline td { padding: 3px 4px; white-space: normal; position: static; }
  .headline td.text, th.text, td.text { min-width: 8ch; max-width: none; overflow-wrap: anywhere; }
  td .small, td .interval, .headline td.text .small { font-size: 1em; }
  details:not([open]):not(.printed) { display: none; }
}
)css";
}

}  // namespace octet
