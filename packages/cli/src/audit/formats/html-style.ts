/** The look of the page. Verdicts are told apart by their words; colour only helps. */
export const pageStyle = `
:root { color-scheme: light dark;
  --paper: light-dark(#fbfaf8, #16181d); --card: light-dark(#ffffff, #1e2128); --ink: light-dark(#20242c, #e6e8ec);
  --soft: light-dark(#5c6470, #9aa3b0); --line: light-dark(#dfe1e6, #343a45); --code: light-dark(#f2f3f5, #262a33);
  --session: light-dark(#b3261e, #ff8a80); --tx: light-dark(#8a5a00, #f0c060); --txctl: light-dark(#1f5fa8, #82b8f5);
  --opaque: light-dark(#6a3fa0, #c4a1f0); --unknown: light-dark(#5c6470, #a9b1bd); --safe: light-dark(#1c7a43, #7fd6a0); }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
header, main, footer, .tabs, .filters { max-width: 1180px; margin: 0 auto; padding: 0 20px }
header { padding-top: 28px } h1 { margin: 0; font-size: 26px; letter-spacing: -0.01em } header p { color: var(--soft); margin: 4px 0 14px }
.verdicts { display: flex; flex-wrap: wrap; gap: 8px; margin-bottom: 18px }
.verdicts button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--tone);
  border-radius: 6px; padding: 6px 12px; cursor: pointer; text-align: left } .verdicts button b { font-size: 18px; display: block; line-height: 1.2 }
.verdicts button[aria-pressed=true] { outline: 2px solid var(--tone); }
nav { position: sticky; top: 0; z-index: 1; background: var(--paper); border-bottom: 1px solid var(--line); padding: 8px 0 }
.tabs { display: flex; gap: 4px; margin-bottom: 8px } .tabs button { font: inherit; color: var(--soft); background: none; border: 0; border-bottom: 2px solid transparent; padding: 4px 10px; cursor: pointer }
.tabs button[aria-selected=true] { color: var(--ink); border-color: currentColor; font-weight: 600 }
.filters { display: flex; flex-wrap: wrap; gap: 8px; align-items: center }
.filters input, .filters select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 5px 9px; max-width: 240px }
.filters input { flex: 1 1 260px; max-width: none } output { color: var(--soft); margin-left: auto }
main { padding-top: 16px; padding-bottom: 40px } footer { color: var(--soft); padding-bottom: 24px; font-size: 13px }
article { background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--tone, var(--line)); border-radius: 6px; padding: 12px 16px; margin-bottom: 12px }
article h2 { font-size: 15px; margin: 0 0 2px; font-weight: 600 } article p { margin: 6px 0 } .meta { color: var(--soft); font-size: 13px; overflow-wrap: anywhere }
pre, code { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace } pre { background: var(--code); border-radius: 5px; padding: 8px 10px; margin: 8px 0; overflow-x: auto }
mark { background: none; color: inherit; border-bottom: 2px solid var(--session) } .minus { color: var(--session) } .plus { color: var(--safe) }
.badge { display: inline-block; font-size: 12px; line-height: 18px; padding: 0 7px; border-radius: 9px; border: 1px solid currentColor; color: var(--tone, var(--soft)); margin-right: 6px }
table { width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--line); border-radius: 6px; font-size: 13px }
th, td { text-align: left; vertical-align: top; padding: 6px 10px; border-bottom: 1px solid var(--line) } th { color: var(--soft); font-weight: 600 } td code { overflow-wrap: anywhere }
td.place { min-width: 190px } td.sql { width: 45% } .more { display: block; margin: 14px auto; font: inherit; padding: 6px 16px } .empty { color: var(--soft); padding: 30px 0; text-align: center }
details summary { cursor: pointer; color: var(--soft) }
[data-tone=session] { --tone: var(--session) } [data-tone=error] { --tone: var(--session) } [data-tone=tx], [data-tone=warning] { --tone: var(--tx) }
[data-tone=txctl] { --tone: var(--txctl) } [data-tone=opaque] { --tone: var(--opaque) } [data-tone=unknown] { --tone: var(--unknown) } [data-tone=safe] { --tone: var(--safe) }
@media (max-width: 700px) { td.sql { width: auto } th:nth-child(3), td:nth-child(3) { display: none } }
`
