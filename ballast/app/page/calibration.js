'use strict';
// The page of a calibration. It reads the JSON beside it (docs/models.md) and draws with SVG; nothing is loaded, nothing
// is sent. Text from the data only ever becomes textContent.

// ---- data and state ----

const data = JSON.parse(document.getElementById('data').textContent);
const expiries = data.expiries, models = data.models;
const state = { axis: 'k', hidden: new Set() };

const shown = () => models.map((m, i) => i).filter((i) => !state.hidden.has(i));
/** What scales hold: all models that are shown. */
const scaled = () => (shown().length ? shown().map((i) => models[i]) : models);
const deviation = (e) => atm(e) * Math.sqrt(e.years);
const atm = (e) => e.atm_vol ?? models[0].expiries[expiries.indexOf(e)].atm_vol;

const tall = { smile: 200, residual: 104, term: 240, terms: 240 };

const keys = {
  mark: () => svg('circle', { class: 'mark', cx: 9, cy: 6, r: 3 }),
  spread: () => svg('path', { class: 'spread', d: 'M9 0V12M6 0H12M6 12H12' }),
  out: () => svg('circle', { class: 'dot out m0', cx: 9, cy: 6, r: 3 }),
};
const lineKey = (i) => svg('svg', { width: 26, height: 12, 'aria-hidden': 'true' },
  svg('line', { class: `line m${i}`, x1: 0, x2: 26, y1: 6, y2: 6 }));

// ---- strikes as the user wants to read them ----

const axisKinds = {
  k: { of: (k) => k, name: 'ln(K/F)' },
  strike: { of: (k, e) => e.forward * Math.exp(k), name: 'strike, USD' },
  deviations: { of: (k, e) => k / deviation(e), name: 'ln(K/F) / σ√T' },
};
const along = (k, e) => axisKinds[state.axis].of(k, e);

function strikeTicks(ticks) {
  if (state.axis !== 'strike') return plainTicks(ticks);
  return ticks.every((t) => t >= 1000) ? ticks.map((t) => `${grouped(t / 1000, tickDigits(ticks, 0.001))}k`)
    : ticks.map((t) => grouped(t, tickDigits(ticks)));
}

function strikeAxis(e, name) {
  const k = e.grid.log_moneyness;
  return { domain: [along(k[0], e), along(k[k.length - 1], e)], texts: strikeTicks, name };
}

// ---- one expiry: smile and residuals ----

const residual = (m, e, i) => {
  const vol = m.expiries[e].model_vol[i];
  return finite(vol) ? 100 * (vol - expiries[e].quotes[i].vol) : NaN;
};
const outside = (m, e, i) => {
  const q = expiries[e].quotes[i], vol = m.expiries[e].model_vol[i];
  return !finite(vol) || (finite(q.bid_vol) && vol < q.bid_vol) || (finite(q.ask_vol) && vol > q.ask_vol);
};

function quoteRows(e, i) {
  const q = expiries[e].quotes[i];
  return [
    ['strike', `${grouped(q.strike, q.strike < 10 ? 4 : 0)} USD`],
    ['ln(K/F)', fixed(q.log_moneyness, 4)],
    [data.target, percent(q.vol)],
    ['bid – ask', `${percent(q.bid_vol)} – ${percent(q.ask_vol)}`],
    ...shown().map((m) => [models[m].model, `${percent(models[m].expiries[e].model_vol[i])}  (${points(residual(models[m], e, i))})`]),
  ];
}

const warningOf = (e, i) => {
  const out = shown().filter((m) => outside(models[m], e, i)).map((m) => models[m].model);
  return out.length ? `outside the bid-ask: ${out.join(', ')}` : null;
};

/** Vols that the picture has to hold: quotes and models where quoted, bid-ask as far as that does not flatten them. */
function volDomain(at) {
  const e = expiries[at];
  const main = e.quotes.map((q) => q.vol).concat(scaled().flatMap((m) => m.expiries[at].model_vol));
  const [least, most] = extent(main, 0.06);
  const room = 0.3 * (most - least);
  const sides = e.quotes.flatMap((q) => [q.bid_vol, q.ask_vol]).filter(finite);
  return [Math.max(Math.min(least, Math.max(least - room, Math.min(...sides, least))), 0),
    Math.max(most, Math.min(most + room, Math.max(...sides, most)))];
}

function drawSmile(host, at) {
  const e = expiries[at];
  const words = shown().map((m) => `${models[m].model} within ${fixed(models[m].expiries[at].rmse_points, 2)} vol points`).join(', ');
  const a = axes(host, tall.smile, strikeAxis(e, ''), { domain: volDomain(at), texts: percentTicks, left: 46 },
    `Smile of ${dateText(e.expiry)}: ${e.quotes.length} quotes; ${words}; arrow keys walk along the quotes`);
  moneyLine(a, along(0, e));
  for (const q of e.quotes) {
    const bar = spreadBar(a, a.sx(along(q.log_moneyness, e)), q.bid_vol, q.ask_vol);
    if (bar) a.body.append(bar);
  }
  for (const q of e.quotes) a.body.append(svg('circle', { class: 'mark', cx: a.sx(along(q.log_moneyness, e)), cy: a.sy(q.vol), r: 2.4 }));
  const xs = e.grid.log_moneyness.map((k) => a.sx(along(k, e)));
  for (const m of shown()) {
    a.body.append(path(xs, models[m].expiries[at].grid.map((v) => (finite(v) ? a.sy(v) : NaN)), { class: `line m${m}` }));
  }
  readable(a, e.quotes.map((q, i) => ({ x: a.sx(along(q.log_moneyness, e)), y: a.sy(q.vol), title: q.instrument, rows: quoteRows(at, i), warning: warningOf(at, i) })));
}

/** The scale holds every residual; bid and ask only as far as they leave those something to see. */
function residualDomain(at) {
  const e = expiries[at];
  const errors = scaled().flatMap((m) => e.quotes.map((q, i) => Math.abs(residual(m, at, i)))).filter(finite);
  const reach = 1.2 * Math.max(...errors, 0.01);
  return [-reach, reach];
}

function drawResidual(host, at) {
  const e = expiries[at];
  const a = axes(host, tall.residual, strikeAxis(e, axisKinds[state.axis].name), { domain: residualDomain(at), left: 46 },
    `Residuals of ${dateText(e.expiry)} in vol points, model less quote`);
  zeroLine(a);
  moneyLine(a, along(0, e));
  const side = (v, q) => (finite(v) ? 100 * (v - q.vol) : NaN);
  for (const q of e.quotes) {
    const bar = spreadBar(a, a.sx(along(q.log_moneyness, e)), side(q.bid_vol, q), side(q.ask_vol, q));
    if (bar) a.body.append(bar);
  }
  const items = [];
  for (const m of shown()) {
    const xs = e.quotes.map((q) => a.sx(along(q.log_moneyness, e)));
    const ys = e.quotes.map((q, i) => a.sy(residual(models[m], at, i)));
    a.body.append(path(xs, ys, { class: `line thin m${m}` }));
    e.quotes.forEach((q, i) => {
      if (!finite(ys[i])) return;
      a.body.append(svg('circle', { class: outside(models[m], at, i) ? `dot out m${m}` : `dot m${m}`, cx: xs[i], cy: ys[i], r: 2.6 }));
      items.push({ x: xs[i], y: ys[i], title: q.instrument, rows: quoteRows(at, i), warning: warningOf(at, i) });
    });
  }
  readable(a, items);
}

function drawExpiries() {
  const host = byId('panels');
  if (host.children.length !== expiries.length) {
    host.replaceChildren(...expiries.map((e, at) => html('section', { class: 'panel', 'aria-label': `Expiry ${dateText(e.expiry)}` },
      html('div', { class: 'head' }, html('h2', {}, dateText(e.expiry), html('span', { class: 'muted days' }, `${dayCount(e.days)}, forward ${grouped(e.forward, e.forward < 100 ? 4 : 0)}`)),
        html('p', { class: 'legend', id: `figures-${at}` })),
      html('div', { class: 'chart', id: `smile-${at}` }),
      html('h3', {}, 'Model less quote, vol points'),
      html('div', { class: 'chart', id: `residual-${at}` }))));
  }
  expiries.forEach((e, at) => {
    byId(`figures-${at}`).replaceChildren(...shown().map((m) => html('span', {}, lineKey(m),
      `${models[m].model} ${fixed(models[m].expiries[at].rmse_points, 2)} pt`)));
    drawSmile(byId(`smile-${at}`), at);
    drawResidual(byId(`residual-${at}`), at);
  });
}

// ---- over time ----

function dayAxis() {
  const days = expiries.map((e) => e.days);
  return { domain: [0.85 * days[0], 1.08 * Math.max(days[days.length - 1], ...data.term_days)], bend: 'root', name: 'days to expiry',
    ticks: [1, 2, 5, 7, 14, 30, 60, 90, 180, 270, 365, 545, 730, 1095].filter((d) => d >= 0.85 * days[0] && d <= 1.08 * days[days.length - 1]), texts: (t) => t.map(String) };
}

function drawTerm() {
  const all = expiries.map((e) => e.atm_vol).concat(scaled().flatMap((m) => m.term));
  const a = axes(byId('term'), tall.term, dayAxis(), { domain: extent(all), texts: percentTicks, left: 46 },
    'Vol at the money by days to expiry: quotes and models; arrow keys walk along the expiries');
  for (const m of shown()) {
    a.body.append(path(data.term_days.map((d) => a.sx(d)), models[m].term.map((v) => (finite(v) ? a.sy(v) : NaN)), { class: `line m${m}` }));
  }
  const items = [];
  expiries.forEach((e, at) => {
    if (!finite(e.atm_vol)) return;
    const x = a.sx(e.days), y = a.sy(e.atm_vol);
    a.body.append(svg('circle', { class: 'mark', cx: x, cy: y, r: 3.4 }));
    items.push({ x, y, title: `${dateText(e.expiry)}, ${dayCount(e.days)}`, rows: [[`${data.target} at the money`, percent(e.atm_vol)],
      ...shown().map((m) => [models[m].model, percent(models[m].expiries[at].atm_vol)])] });
  });
  readable(a, items);
}

function drawErrors() {
  const all = scaled().flatMap((m) => m.expiries.map((f) => f.rmse_points));
  const a = axes(byId('errors'), tall.terms, dayAxis(), { domain: [0, extent(all.concat(0), 0.08)[1]], left: 46 },
    'Root mean square error of each expiry in vol points, by days to expiry');
  const items = [];
  for (const m of shown()) {
    const xs = expiries.map((e) => a.sx(e.days)), ys = models[m].expiries.map((f) => (finite(f.rmse_points) ? a.sy(f.rmse_points) : NaN));
    a.body.append(path(xs, ys, { class: `line thin m${m}` }));
    models[m].expiries.forEach((f, at) => {
      if (!finite(ys[at])) return;
      a.body.append(svg('circle', { class: `dot m${m}`, cx: xs[at], cy: ys[at], r: 3 }));
      items.push({ x: xs[at], y: ys[at], title: `${models[m].model}, ${dateText(expiries[at].expiry)}`, rows: [['rms', `${fixed(f.rmse_points, 3)} pt`],
        ['worst', `${fixed(f.worst_points, 2)} pt, ${f.worst}`], ['within bid-ask', percent(f.within_spread, 0)]] });
    });
  }
  readable(a, items);
}

// ---- header, switches, tables ----

function drawHeader() {
  byId('title').textContent = `${data.underlying || data.index} model calibration`;
  const index = finite(data.index_price) ? `${data.index} ${grouped(data.index_price, 2)} USD` : data.index;
  const quotes = expiries.reduce((n, e) => n + e.quotes.length, 0);
  byId('subtitle').textContent = `${timeText(data.as_of)} · ${index} · ${quotes} quotes in ${expiries.length} expiries, ${data.dropped.length} set aside · ` +
    `fitted to ${data.target} vols, weight ${data.weight}` + (data.feller_held ? ', Feller condition held' : '') + (data.warm ? ', warm' : '');
  byId('footer').textContent = `Written by ballast calibrate. Vols are annual (ACT/365), strikes and forwards in USD per coin; a vol point (pt) is 0.01 of vol. ` +
    `Standard errors take the errors of quotes as independent, which those of a smile are not: lower bounds. Arithmetic: ${data.arithmetic}. This file holds everything it shows and reaches for nothing else.`;
}

/** One tile for each model, which also switches it on and off. */
function drawTiles() {
  byId('tiles').replaceChildren(...models.map((m, i) => {
    const button = html('button', { type: 'button', class: 'tile', 'aria-pressed': !state.hidden.has(i), title: 'shows or hides it' },
      html('span', { class: 'name' }, lineKey(i), m.model),
      html('span', { class: 'value' }, `${fixed(m.rmse_points, 3)} pt`),
      html('span', { class: 'more' }, `rms; worst ${fixed(m.worst_points, 2)} pt; ${percent(m.within_spread, 1)} within bid-ask`),
      html('span', { class: m.converged ? 'more' : 'more warn' }, m.converged ? `${m.steps} steps` : `not converged in ${m.steps} steps`));
    button.addEventListener('click', () => {
      state.hidden.has(i) ? state.hidden.delete(i) : state.hidden.add(i);
      drawAll();
      byId('tiles').children[i].focus({ preventScroll: true });
    });
    return button;
  }));
}

/** Columns are [name, unit, cell, class, mood]. */
function table(columns, rows) {
  const units = columns.some(([, unit]) => unit);
  const head = html('tr', {}, ...columns.map(([name, unit, , kind]) => html('th', { scope: 'col', class: kind ?? '' }, name, units ? html('small', {}, unit || '\u00a0') : null)));
  const body = rows.map((row) => html('tr', {}, ...columns.map(([, , cell, kind, mood]) => html('td', { class: `${kind ?? ''} ${mood?.(row) ?? ''}`.trim() }, cell(row)))));
  return html('table', {}, html('thead', {}, head), html('tbody', {}, ...body));
}

const figure = (x, digits = 4) => (finite(x) ? String(+x.toPrecision(digits)).replaceAll('-', '−') : none);

function drawParameters() {
  byId('parameters').replaceChildren(...models.map((m, i) => html('div', { class: 'scroll' }, html('h3', {}, lineKey(i), m.model), table([
    ['parameter', '', (p) => p.name, 'text'],
    ['value', '', (p) => figure(p.value, 5)],
    ['± error', '', (p) => figure(p.standard_error, 2)],
    ['prior', '', (p) => figure(p.prior)],
    ['unit', '', (p) => (p.at_bound ? `${p.unit} at the bound` : p.unit || none), 'text', (p) => (p.at_bound ? 'warn' : '')],
  ], m.parameters))));
}

function drawModels() {
  const weakest = (m) => Object.entries(m.weakest).filter(([, w]) => Math.abs(w) >= 0.2).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]))
    .map(([name, w]) => `${name} ${fixed(w, 2)}`).join(', ');
  byId('models').replaceChildren(table([
    ['model', '', (m) => html('span', {}, lineKey(models.indexOf(m)), m.model), 'text'],
    ['rms', 'pt', (m) => fixed(m.rmse_points, 3)],
    ['rms', 'coin', (m) => fixed(m.rmse_coin, 6)],
    ['worst', 'pt', (m) => fixed(m.worst_points, 2)],
    ['at', '', (m) => m.worst, 'text'],
    ['in bid-ask', '', (m) => percent(m.within_spread, 1)],
    ['Feller', '2κθ/ξ²', (m) => (finite(m.feller) ? fixed(m.feller, 3) : none)],
    ['condition', '', (m) => figure(m.condition, 2)],
    ['least determined', 'direction', weakest, 'words'],
  ], models));
}

function drawDropped() {
  byId('h-dropped').textContent = `Set aside (${data.dropped.length})`;
  byId('dropped').replaceChildren(data.dropped.length ? table([
    ['instrument or expiry', '', (d) => d.instrument, 'text'],
    ['reason', '', (d) => d.reason, 'text'],
    ['detail', '', (d) => d.detail, 'words'],
  ], data.dropped) : html('p', { class: 'muted' }, 'Nothing was set aside.'));
}

// ---- everything together ----

function drawAll() {
  hideTip();
  drawTiles();
  drawTerm();
  drawErrors();
  drawExpiries();
}

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

byId('axis').addEventListener('change', (event) => {
  state.axis = event.target.value;
  drawAll();
});
byId('theme').addEventListener('change', (event) => setTheme(event.target.value));
addEventListener('scroll', hideTip, { passive: true });
addEventListener('beforeprint', () => setTheme('light'));
addEventListener('afterprint', () => setTheme(byId('theme').value));
legend('legend-panels', ['mark', `${data.target} vol`], ['spread', 'bid – ask'], ['out', 'hollow: the model lies outside it']);
legend('legend-term', ['mark', `${data.target} vol, between the strikes at the forward`]);
drawHeader();
drawParameters();
drawModels();
drawDropped();
let drawnWidth = 0;
new ResizeObserver(() => {
  if (document.body.clientWidth === drawnWidth) return;
  drawnWidth = document.body.clientWidth;
  requestAnimationFrame(drawAll);
}).observe(document.body);
