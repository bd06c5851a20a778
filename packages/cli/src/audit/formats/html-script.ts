/**
 * What moves on the page. Everything is put in as text, never as markup: SQL and paths are anybody's. Long lists grow as
 * they are asked for.
 */
export const pageScript = String.raw`
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const verdicts = ['session', 'tx', 'txctl', 'opaque', 'unknown', 'safe'];
const step = 200;
const meanings = { session: 'needs or leaves state of a session', tx: 'has its meaning only inside an open transaction', txctl: 'opens or ends a transaction',
  opaque: 'runs code that the text does not show', unknown: 'put together where nobody can read it', safe: 'leaves nothing behind' };
const state = { tab: data.findings.length ? 'findings' : 'operations', verdict: '', shown: step };
const byId = (id) => document.getElementById(id);
const make = (name, attributes, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === 'onclick') element.addEventListener('click', value);
    else if (value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
};
const ofOperation = new Map(data.operations.map((operation) => [operation.id, operation]));
const driverOf = (item) => item.driver ?? ofOperation.get(item.operation)?.driver ?? '';
const hazardsOf = (item) => item.hazards ?? [item.hazard ?? item.rule];
const lists = { findings: data.findings, operations: data.operations, allowed: data.allowed, endpoints: data.endpoints, notes: data.notes };
const titles = { findings: 'Findings', operations: 'Operations', allowed: 'Allowed', endpoints: 'Endpoints', notes: 'Not read' };

function options(id, label, values) {
  const all = [...new Set(values)].filter(Boolean).sort();
  byId(id).replaceChildren(make('option', { value: '' }, label), ...all.map((value) => make('option', { value }, value)));
  byId(id).addEventListener('change', () => show(true));
}
options('package', 'Every package', [...data.operations, ...data.findings].map((item) => item.package));
options('driver', 'Every driver', data.operations.map((item) => item.driver));
options('hazard', 'Every hazard', [...data.operations, ...data.findings].flatMap(hazardsOf));
options('level', 'Errors and warnings', data.findings.map((item) => item.level));
byId('text').addEventListener('input', () => show(true));

/* What is looked at stands in the address, so that a list can be passed on. */
const fields = ['text', 'package', 'driver', 'hazard', 'level'];
function remember() {
  const kept = new URLSearchParams({ tab: state.tab, verdict: state.verdict });
  for (const id of fields) kept.set(id, byId(id).value);
  for (const [key, value] of [...kept]) if (!value) kept.delete(key);
  try { history.replaceState(null, '', '#' + kept); } catch { /* Some viewers allow no address of their own. */ }
}
function recall() {
  const kept = new URLSearchParams(location.hash.slice(1));
  if (lists[kept.get('tab')]) state.tab = kept.get('tab');
  if (verdicts.includes(kept.get('verdict'))) state.verdict = kept.get('verdict');
  for (const id of fields) if (kept.has(id)) byId(id).value = kept.get(id);
}

function wanted(item) {
  const text = byId('text').value.toLowerCase();
  if (text && !JSON.stringify([item.file, item.sql, item.message, item.rule, item.note, item.name]).toLowerCase().includes(text)) return false;
  if (byId('package').value && item.package !== byId('package').value) return false;
  if (byId('driver').value && driverOf(item) !== byId('driver').value) return false;
  if (byId('level').value && item.level && item.level !== byId('level').value) return false;
  if (byId('hazard').value && !hazardsOf(item).includes(byId('hazard').value)) return false;
  return !state.verdict || item.verdict === state.verdict;
}
const place = (item) => item.file + (item.line ? ':' + item.line : '');

function finding(item) {
  const about = data.hazards[item.hazard];
  const blank = /^\s*/.exec(item.excerpt.text)[0].length;
  const text = item.excerpt.text.slice(blank);
  const column = Math.max(1, item.excerpt.column - blank);
  const { length } = item.excerpt;
  const source = make('pre', {}, text.slice(0, column - 1), make('mark', {}, text.slice(column - 1, column - 1 + length)), text.slice(column - 1 + length));
  const change = item.proposed === undefined ? undefined : make('pre', {},
    make('span', { class: 'minus' }, '- ' + text + '\n'), make('span', { class: 'plus' }, '+ ' + item.proposed.slice(blank)));
  const help = about && make('details', {}, make('summary', {}, about.title), make('p', {}, about.text), make('p', {}, about.note),
    about.good && make('pre', {}, ...(about.bad ? [make('span', { class: 'minus' }, about.bad + '\n')] : []), make('span', { class: 'plus' }, about.good)));
  return make('article', { 'data-tone': item.level },
    make('h2', {}, item.message),
    make('div', { class: 'meta' }, make('span', { class: 'badge' }, item.level), item.rule + (item.hazard ? ' · ' + item.hazard : '') + (item.certain ? '' : ' · likely') + ' · ' + place(item)),
    source, change,
    item.directive && make('p', { class: 'meta' }, 'Allowed (' + item.directive.allows + '): ' + item.directive.reason),
    help);
}
function table(head, rows) {
  return make('table', {}, make('thead', {}, make('tr', {}, ...head.map((cell) => make('th', {}, cell)))), make('tbody', {}, ...rows));
}
const code = (text) => make('code', {}, text);
function operation(item) {
  return make('tr', { 'data-tone': item.verdict },
    make('td', { class: 'place' }, code(place(item))),
    make('td', {}, make('span', { class: 'badge' }, item.verdict), item.certain ? '' : 'likely'),
    make('td', {}, code(item.driver + '.' + item.method), make('div', { class: 'meta' }, 'on ' + item.receiver + ', ' + item.context)),
    make('td', { class: 'sql' }, item.sql ? code(item.sql.slice(0, 600)) : make('span', { class: 'meta' }, 'put together at run time'),
      item.directive ? make('div', { class: 'meta' }, 'Allowed (' + item.directive.allows + '): ' + item.directive.reason) : '',
      item.hazards.length ? make('div', { class: 'meta' }, item.hazards.join(', ') + (item.cure ? ': ' + item.cure : '')) : ''));
}
const renderers = {
  findings: (items) => items.map(finding),
  allowed: (items) => items.map(finding),
  operations: (items) => [table(['Place', 'Verdict', 'Call', 'SQL'], items.map(operation))],
  endpoints: (items) => [table(['Place', 'Name', 'Mode', 'Pooler'], items.map((item) => make('tr', {},
    make('td', { class: 'place' }, code(place(item))), make('td', {}, code(item.name)), make('td', {}, item.mode), make('td', {}, [item.provider, item.pooler].filter(Boolean).join(', ')))))],
  notes: (items) => [table(['File', 'Why'], items.map((item) => make('tr', {}, make('td', { class: 'place' }, code(place(item))), make('td', {}, item.note))))],
};
function show(anew) {
  if (anew) state.shown = step;
  remember();
  const all = lists[state.tab].filter(wanted);
  const items = all.slice(0, state.shown);
  byId('count').textContent = all.length + ' of ' + lists[state.tab].length;
  byId('tabs').replaceChildren(...Object.keys(lists).filter((name) => lists[name].length).map((name) => make('button',
    { role: 'tab', 'aria-selected': String(name === state.tab), onclick: () => { state.tab = name; show(true); } }, titles[name] + ' ' + lists[name].length)));
  byId('verdicts').replaceChildren(...verdicts.map((name) => make('button',
    { 'data-tone': name, title: meanings[name], 'aria-pressed': String(state.verdict === name), onclick: () => {
      state.verdict = state.verdict === name ? '' : name;
      if (state.verdict && !['findings', 'operations'].includes(state.tab)) state.tab = 'operations';
      if (state.verdict && !lists[state.tab].some((item) => item.verdict === state.verdict)) state.tab = 'operations';
      show(true); } },
    make('b', {}, String(data.summary.byVerdict[name])), name)));
  const more = all.length > items.length && make('button', { class: 'more', onclick: () => { state.shown += step; show(false); } }, 'Show more');
  byId('list').replaceChildren(...(items.length ? renderers[state.tab](items) : [make('p', { class: 'empty' }, 'Nothing here.')]), ...(more ? [more] : []));
}
recall();
show(true);
window.addEventListener('hashchange', () => { recall(); show(true); });
`
