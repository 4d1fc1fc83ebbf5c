#include "eval/report/html.h"

namespace octet {

std::string_view report_style() {
  return R"css(
:root {
  --ink: #1f2933; --muted: #616e7c; --line: #d5dbe1; --grid: #e4e7eb; --paper: #ffffff; --page: #f5f7f9;
  --accent: #0072b2; --warm: #fff6e0; --warm-line: #e69f00; --same: #7b8794;
  --blue: #0072b2; --orange: #e69f00; --green: #009e73; --red: #d55e00;
  --purple: #cc79a7; --sky: #56b4e9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e7eb; --muted: #a3b0bd; --line: #3b4652; --grid: #323c47; --paper: #1d242c; --page: #14191f;
    --accent: #56b4e9; --warm: #33290f; --warm-line: #b37b00; --same: #8593a1;
    --blue: #3d9ddb; --orange: #e9a820; --green: #2bb58c; --red: #ec7a31;
    --purple: #d996bc; --sky: #84c9f2;
  }
}
* { box-sizing: border-box; }
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
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(270px, 1fr)); gap: 16px; margin: 0 0 24px; }
.card { padding: 18px 22px; background: var(--paper); border: 1px solid var(--line); border-radius: 10px; }
.card dl { display: grid; grid-template-columns: 1fr 1fr; gap: 10px 18px; margin: 0; }
.card dt { color: var(--muted); font-size: .85rem; }
.card dd { margin: 0; font-size: 1.45rem; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; margin: 0 0 12px; }
table { width: 100%; border-collapse: collapse; font-size: .93rem; font-variant-numeric: tabular-nums; }
th, td { padding: 8px 12px; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
th { font-weight: 600; }
thead th { border-bottom: 2px solid var(--muted); vertical-align: bottom; }
th.text, td.text { text-align: left; overflow-wrap: anywhere; }
.headline td { white-space: nowrap; }
.headline td.text { white-space: normal; min-width: 230px; max-width: 420px; }
.headline td.text .small { display: block; line-height: 1.4; }
.interval { display: block; color: var(--muted); font-size: .85rem; }
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
.bar { display: flex; height: 14px; margin: 4px 0 6px; border-radius: 4px; overflow: hidden; background: var(--grid); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 0 0 16px; color: var(--muted); font-size: .88rem; }
.legend i { display: inline-block; width: 10px; height: 10px; margin-right: 6px; border-radius: 2px; }
.c0 { background: var(--blue); } .c1 { background: var(--orange); } .c2 { background: var(--green); } .c3 { background: var(--same); }
.facts { display: grid; grid-template-columns: minmax(140px, max-content) 1fr; gap: 6px 24px; margin: 0; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 600px) {
  header, main { padding: 0 12px; }
  header { padding-top: 24px; }
  h1 { font-size: 1.5rem; }
  section { padding: 16px; }
  th, td { padding: 7px 8px; }
  th.text, td.text { min-width: 150px; }
  .headline tr { display: grid; grid-template-columns: repeat(var(--models), minmax(86px, 1fr)); border-bottom: 1px solid var(--line); }
  .headline th.text { display: none; }
  .headline td.text { grid-column: 1 / -1; min-width: 0; max-width: none; padding-bottom: 0; }
  .headline td, .headline th { border-bottom: none; text-align: left; }
  .headline .interval { white-space: normal; }
  .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd { margin-bottom: 8px; }
}
@media print {
  body { background: none; }
  section { break-inside: avoid; border: none; padding: 8px 0; }
}
)css";
}

}  // namespace octet
