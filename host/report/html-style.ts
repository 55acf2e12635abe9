// The style sheet of the HTML report. Two palettes, chosen by the reader's system; every colour has a text or a frame beside it.
export const HTML_STYLE = `
:root { color-scheme: light dark;
  --ink: #1b1f24; --quiet: #57606a; --paper: #ffffff; --panel: #f5f7f9; --line: #d0d7de; --accent: #0a58b5; --alarm: #b3261e; --mark: #fff3bf;
  --valid: #e9f5ec; --partial: #fff0c2; --redzone: #ffd3cf; --freed: #ead9f7; --poisoned: #d3e5ff; --internal: #dfe3e8; --live: #2f7d4f; --held: #8250b0; --some: #c28a00; }
@media (prefers-color-scheme: dark) { :root {
  --ink: #e6edf3; --quiet: #9aa6b2; --paper: #0f1318; --panel: #181e25; --line: #333c47; --accent: #6cb0ff; --alarm: #ff8f85; --mark: #4a3f10;
  --valid: #16311f; --partial: #4b3a08; --redzone: #5b1d19; --freed: #41255c; --poisoned: #16365f; --internal: #333c47; --live: #4fae77; --held: #b48ae0; --some: #d9a514; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 1px; }
.skip { position: absolute; left: -999px; } .skip:focus { left: 8px; top: 8px; background: var(--paper); padding: 8px; z-index: 2; }
header { padding: 16px 24px; border-bottom: 1px solid var(--line); } header h1 { margin: 0; font-size: 1.4rem; } header p { margin: 4px 0 0; }
.page { display: grid; grid-template-columns: minmax(220px, 320px) minmax(0, 1fr); }
nav { border-right: 1px solid var(--line); padding: 16px; position: sticky; top: 0; align-self: start; max-height: 100vh; overflow: auto; }
nav h2 { font-size: 1rem; margin: 0 0 8px; } nav ol { padding-left: 1.5em; margin: 0; } nav li { margin-bottom: 8px; overflow-wrap: anywhere; }
main { padding: 8px 24px 48px; min-width: 0; }
article, section.extra { border-bottom: 1px solid var(--line); padding: 16px 0 24px; }
article h2 { margin: 0; color: var(--alarm); } article > p:first-of-type { margin-top: 4px; }
h3 { margin: 20px 0 6px; font-size: 1.05rem; }
.quiet, .position { color: var(--quiet); } .position { margin-left: 0.5em; overflow-wrap: anywhere; }
code, pre, .shadow, .swatch { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.9em; }
pre { overflow: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 8px 12px; margin: 6px 0; tab-size: 4; }
mark { background: var(--mark); color: inherit; display: inline-block; min-width: 100%; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 8px 24px; margin: 12px 0; }
dt { color: var(--quiet); font-size: 0.85rem; } dd { margin: 0; overflow-wrap: anywhere; }
.stack { padding-left: 2em; } .stack li { margin: 2px 0; overflow-wrap: anywhere; }
table.data { border-collapse: collapse; width: 100%; } table.data caption { text-align: left; color: var(--quiet); }
table.data th, table.data td { text-align: left; padding: 3px 12px 3px 0; border-bottom: 1px solid var(--line); }
.scroll { overflow: auto; max-height: 24rem; }
figure { margin: 8px 0; } figcaption { color: var(--quiet); }
.tools { display: flex; flex-wrap: wrap; gap: 12px; align-items: center; margin: 6px 0; } .tools[hidden] { display: none; }
button { font: inherit; padding: 2px 10px; }
.view { overflow: auto; max-height: 24rem; border: 1px solid var(--line); border-radius: 6px; position: relative; }
.shadow { border-collapse: separate; border-spacing: 1px; } .shadow th { font-weight: normal; color: var(--quiet); padding: 0 8px; text-align: right; position: sticky; left: 0; background: var(--paper); }
.shadow td { text-align: center; width: 2.2em; min-width: 2.2em; height: 1.7em; padding: 0; }
.view[data-zoom="1"] td { width: 6px; min-width: 6px; height: 4px; font-size: 0; } .view[data-zoom="1"] th { font-size: 0; padding: 0; } .view[data-zoom="1"] .shadow { border-spacing: 0; }
.view[data-zoom="2"] td { width: 14px; min-width: 14px; height: 12px; font-size: 0; } .view[data-zoom="2"] th { font-size: 9px; line-height: 1; }
.view[data-zoom="4"] td { width: 3.4em; min-width: 3.4em; height: 2.8em; font-size: 1.15em; }
.valid { background: var(--valid); } .partial { background: var(--partial); } .redzone { background: var(--redzone); } .freed { background: var(--freed); } .poisoned { background: var(--poisoned); } .internal { background: var(--internal); }
td.guilty { outline: 3px solid var(--alarm); outline-offset: -2px; font-weight: bold; }
td:focus-visible { outline: 3px solid var(--accent); outline-offset: 0; }
.status { min-height: 1.5em; margin: 6px 0; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 0; margin: 6px 0; }
.swatch { display: inline-block; padding: 0 6px; border: 1px solid var(--line); }
.swatch.live { border-left: 10px solid var(--live); } .swatch.held { border-left: 10px solid var(--held); } .swatch.moment { border-left: 3px solid var(--alarm); }
.timeline svg, .overview svg { width: 100%; height: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; }
.overview rect.valid { fill: var(--valid); } .overview rect.partial { fill: var(--some); } .overview rect.redzone { fill: var(--alarm); } .overview rect.freed { fill: var(--held); } .overview rect.poisoned { fill: var(--accent); } .overview rect.internal { fill: var(--quiet); }
.overview .partial { background: var(--some); } .overview .redzone { background: var(--alarm); } .overview .freed { background: var(--held); } .overview .poisoned { background: var(--accent); } .overview .internal { background: var(--quiet); }
.timeline text { fill: var(--ink); font-size: 13px; } polygon.live { fill: var(--live); } polygon.held { fill: var(--held); } line.moment { stroke: var(--alarm); stroke-width: 2; }
@media (max-width: 800px) { .page { grid-template-columns: minmax(0, 1fr); } nav { position: static; border-right: 0; border-bottom: 1px solid var(--line); max-height: none; } main { padding: 8px 16px 32px; } }
@media print { nav, .tools { display: none; } .page { display: block; } .view, .scroll { max-height: none; } }
`;
