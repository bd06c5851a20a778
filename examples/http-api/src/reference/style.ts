/** How the reference looks: one type scale, colours for methods alone, light and dark as the reader has it. */
export const style = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1b1f24, #e4e8ec); --soft: light-dark(#57606a, #a3adb8); --page: light-dark(#ffffff, #14181c);
  --panel: light-dark(#f5f7f9, #1c2127); --line: light-dark(#d7dde3, #343c45); --link: light-dark(#0550ae, #79b8ff);
  --get: light-dark(#0b6b3a, #6fdc9f); --post: light-dark(#0550ae, #79b8ff); --delete: light-dark(#b42318, #ff9a8f);
  font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--page);
}
* { box-sizing: border-box }
html { scroll-padding-top: 1rem }
body { margin: 0; display: grid; grid-template-columns: 18rem minmax(0, 1fr); max-width: 84rem; margin-inline: auto }
a { color: var(--link) }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
code, pre { font: .875rem/1.5 ui-monospace, Menlo, Consolas, monospace }
.side { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1.5rem 1rem; border-right: 1px solid var(--line); font-size: .875rem }
.side label { font-weight: 600 }
.side input { width: 100%; margin: .25rem 0 1rem; padding: .5rem; font: inherit; color: inherit; background: var(--page); border: 1px solid var(--soft); border-radius: .375rem }
.side h2 { margin: 1rem 0 .25rem; font-size: .875rem }
.side ul { list-style: none; margin: 0; padding: 0 }
.side li a { display: block; padding: .25rem .5rem; border-radius: .25rem; color: var(--text); text-decoration: none }
.side li a:hover { background: var(--panel) }
main { padding: 1.5rem 2rem 6rem; min-width: 0 }
h1 { margin: 0 0 .5rem; font-size: 1.75rem; line-height: 1.2 }
main h2 { margin: 3rem 0 1rem; font-size: 1.375rem; line-height: 1.2 }
h3 { margin: 1.25rem 0 .5rem; font-size: .875rem; color: var(--soft) }
.lead { max-width: 44rem; margin: 0 0 1rem; color: var(--soft) }
details { border: 1px solid var(--line); border-radius: .5rem; margin: 0 0 .5rem; background: var(--page) }
details[open] { border-color: var(--soft) }
summary { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; padding: .625rem .875rem; cursor: pointer; border-radius: .5rem }
summary:hover { background: var(--panel) }
summary code { font-weight: 600; overflow-wrap: anywhere }
summary span { color: var(--soft) }
.body { padding: 0 .875rem .875rem }
.body p { max-width: 44rem; margin: .5rem 0 }
.method { flex: none; width: 4.25rem; font: 700 .75rem/1.5 ui-monospace, monospace; text-transform: uppercase }
.get { color: var(--get) } .post { color: var(--post) } .delete { color: var(--delete) }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: .875rem }
th, td { border-top: 1px solid var(--line); padding: .375rem 1rem .375rem 0; text-align: left; vertical-align: top }
thead th { border-top: 0; color: var(--soft); font-weight: 500 }
th[scope=row] { font-weight: 500; white-space: nowrap }
.type { overflow-wrap: anywhere }
pre { overflow-x: auto; margin: .5rem 0; padding: .75rem; background: var(--panel); border-radius: .375rem }
[hidden] { display: none !important }
@media (max-width: 52rem) {
  body { display: block }
  .side { position: static; height: auto; max-height: 40vh; border-right: 0; border-bottom: 1px solid var(--line) }
  main { padding: 1.5rem 1rem 4rem }
}
`

/** Opens what a link points at, and finds operations; without it everything can be read as well. */
export const script = `
const field = document.getElementById('find')
const all = [...document.querySelectorAll('[data-find]')]
const groups = [...document.querySelectorAll('[data-group]')]
const said = document.getElementById('found')
field.parentElement.hidden = false
field.addEventListener('input', () => {
  const words = field.value.toLowerCase().split(/\\s+/).filter(Boolean)
  for (const one of all) one.hidden = !words.every((word) => one.dataset.find.includes(word))
  for (const group of groups) group.hidden = !group.querySelector('[data-find]:not([hidden])')
  said.textContent = words.length === 0 ? '' : all.filter((one) => !one.hidden && one.localName === 'details').length + ' found'
})
const open = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)))
  if (target && target.localName === 'details') { target.hidden = false; target.open = true; target.scrollIntoView() }
}
addEventListener('hashchange', open)
open()
`
