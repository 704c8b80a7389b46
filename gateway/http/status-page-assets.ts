/** Style of the status page: system fonts, light and dark by the reader's preference, one column on a phone. */
export const statusStyle = `
:root {
  color-scheme: light dark;
  --back: #f6f7f9; --card: #ffffff; --text: #1b2330; --quiet: #5d6878; --line: #e1e5eb;
  --good: #12805c; --good-back: #dff5ec; --bad: #b3261e; --bad-back: #fbe4e2; --accent: #2f6fed;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #11151b; --card: #1a2029; --text: #e7ebf1; --quiet: #96a1b2; --line: #2a323e;
    --good: #5bd3a8; --good-back: #143429; --bad: #ff8f87; --bad-back: #40201e; --accent: #7aa7ff;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 64rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; margin-bottom: 1.5rem; }
h1 { margin: 0; font-size: 1.6rem; letter-spacing: -.02em; }
h2 { margin: 0 0 .6rem; font-size: .8rem; font-weight: 600; color: var(--quiet); text-transform: uppercase; letter-spacing: .06em; }
.quiet { color: var(--quiet); }
.badge { padding: .1rem .65rem; border-radius: 1rem; font-size: .85rem; font-weight: 600; background: var(--line); }
.good { color: var(--good); background: var(--good-back); }
.bad { color: var(--bad); background: var(--bad-back); }
.push { margin-left: auto; }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem 1.15rem; }
#live { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); margin-bottom: 1rem; }
#live h2 { font-size: .9rem; text-transform: none; letter-spacing: 0; }
.number { font-size: 1.75rem; font-weight: 650; line-height: 1.2; font-variant-numeric: tabular-nums; letter-spacing: -.02em; }
.number small { font-size: .95rem; font-weight: 400; color: var(--quiet); letter-spacing: 0; white-space: nowrap; }
progress { display: block; width: 100%; height: .35rem; margin-top: .6rem; border: 0; border-radius: 1rem; overflow: hidden; background: var(--line); appearance: none; }
progress::-webkit-progress-bar { background: var(--line); }
progress::-webkit-progress-value { background: var(--accent); }
progress::-moz-progress-bar { background: var(--accent); }
table { width: 100%; border-collapse: collapse; }
td { padding: .35rem .9rem .35rem 0; border-top: 1px solid var(--line); vertical-align: top; }
tr:first-child td { border-top: 0; }
td:last-child { padding-right: 0; text-align: right; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
a { color: var(--accent); }
footer { margin-top: 1.5rem; font-size: .9rem; }
[hidden] { display: none; }
`;

/**
 * Script of the status page: reads /api/v1/status every two seconds and writes text nodes only.
 *
 * The address is made from the origin because a page opened as `http://user:key@host/` may not fetch relative to itself.
 */
export const statusScript = `
'use strict';
const byId = (id) => document.getElementById(id);

function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

function badge(ok, text) {
  return make('span', 'badge ' + (ok ? 'good' : 'bad'), text);
}

function formatNumber(value, unit) {
  if (unit === 'percent') return (value * 100).toFixed(0) + ' %';
  if (unit === 'bytes') return value < 1048576 ? (value / 1024).toFixed(0) + ' KB' : (value / 1048576).toFixed(0) + ' MB';
  if (unit === 'ms') return value.toFixed(1) + ' ms';
  return value.toLocaleString();
}

function formatUptime(seconds) {
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  if (days > 0) return days + ' d ' + hours + ' h';
  if (hours > 0) return hours + ' h ' + minutes + ' min';
  return minutes > 0 ? minutes + ' min ' + (seconds % 60) + ' s' : seconds + ' s';
}

function liveCard(number) {
  const value = make('div', 'number', formatNumber(number.value, number.unit));
  const card = make('div', 'card', make('h2', '', number.label), value);
  if (number.most !== undefined) {
    const most = formatNumber(number.most, number.unit);
    if (number.unit === 'bytes') card.append(make('div', 'quiet', 'of ' + most));
    else value.append(make('small', '', ' of ' + most));
    const bar = make('progress', '');
    bar.max = number.most;
    bar.value = number.value;
    bar.setAttribute('aria-label', number.label);
    card.append(bar);
  }
  return card;
}

function row(...cells) {
  return make('tr', '', ...cells.map((cell) => make('td', '', cell)));
}

function fill(id, rows, empty) {
  byId(id).replaceChildren(...(rows.length > 0 ? rows : [row(make('span', 'quiet', empty))]));
}

function chatRows(chat) {
  const link = make('a', '', chat.page);
  link.href = chat.page;
  const { routing } = chat;
  const nodes = routing && routing.livingNodes + (routing.livingNodes === 1 ? ' node lives' : ' nodes live');
  return [
    row('Page', link),
    row('WebSocket', make('code', '', chat.socket)),
    row('Log', chat.store),
    row('Routing', routing ? make('span', '', nodes + ' ', badge(routing.connected, routing.connected ? 'connected' : 'cut off'))
      : 'this node is alone'),
  ];
}

function show(status) {
  byId('version').textContent = status.version + ', Node ' + status.node + ', up ' + formatUptime(status.uptimeSeconds);
  const { ready, draining, checks } = status.readiness;
  const state = badge(ready, draining ? 'draining' : ready ? 'ready' : 'not ready');
  byId('state').replaceChildren(state);
  byId('live').replaceChildren(...status.live.map(liveCard));
  fill('listeners', status.listeners.map((one) =>
    row(one.protocol.toUpperCase(), make('code', '', one.address + ' : ' + one.ports), one.transport)), 'nothing');
  fill('engines', status.engines.map((one) =>
    row(make('span', '', one.name, make('div', 'quiet', one.kind)),
      make('span', '', one.languages.join(', '), make('div', 'quiet', one.detail)),
      badge(one.available, one.available ? 'available' : 'missing'))), 'none');
  fill('trees', status.trees.map((one) =>
    row(make('code', '', one.id), one.language, one.nodes + ' nodes',
      one.active ? badge(true, 'active') : '')), 'none');
  fill('chat', status.chat ? chatRows(status.chat) : [], 'switched off');
  fill('checks', checks.map((one) =>
    row(one.name, make('span', 'quiet', one.detail), badge(one.ok, one.ok ? 'ok' : 'failing'))), 'none configured');
}

async function refresh() {
  try {
    const response = await fetch(location.origin + '/api/v1/status', { signal: AbortSignal.timeout(5000) });
    if (!response.ok) throw new Error('the server answers ' + response.status);
    show(await response.json());
    byId('problem').hidden = true;
  } catch (error) {
    byId('problem').textContent = 'These numbers are old: ' + error.message;
    byId('problem').hidden = false;
  }
  setTimeout(refresh, 2000);
}

refresh();
`;
