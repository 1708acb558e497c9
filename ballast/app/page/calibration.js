'use strict';
// The page of a calibration. It reads the JSON beside it (docs/models.md) and draws with SVG; nothing is loaded, nothing
// is sent. Text from the data only ever becomes textContent.

// ---- data and state ----

const data = JSON.parse(document.getElementById('data').textContent);
const expiries = data.expiries, models = data.models;
const state = { axis: 'k', hidden: new Set() };

const byId = (id) => document.getElementById(id);
const finite = (x) => typeof x === 'number' && Number.isFinite(x);
const shown = () => models.map((m, i) => i).filter((i) => !state.hidden.has(i));
/** What scales hold: all models that are shown. */
const scaled = () => (shown().length ? shown().map((i) => models[i]) : models);
const deviation = (e) => atm(e) * Math.sqrt(e.years);
const atm = (e) => e.atm_vol ?? models[0].expiries[expiries.indexOf(e)].atm_vol;

// ---- numbers and dates for people ----

const none = '–';
const signed = (text, x) => (x > 0 ? '+' : '') + text;
const fixed = (x, digits) => (finite(x) ? x.toFixed(digits).replace('-', '−') : none);
const grouped = (x, digits) =>
  finite(x) ? x.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }) : none;
const percent = (x, digits = 2) => (finite(x) ? fixed(100 * x, digits) + ' %' : none);
const points = (x, digits = 2) => (finite(x) ? signed(fixed(x, digits), x) + ' pt' : none);
const dayCount = (days) => fixed(days, days < 10 ? 1 : 0) + ' d';
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function dateText(iso, withYear = true) {
  const d = new Date(iso);
  return `${d.getUTCDate()} ${months[d.getUTCMonth()]}` + (withYear ? ` ${d.getUTCFullYear()}` : '');
}

const shortDate = (iso) => `${dateText(iso, false)} ${iso.slice(2, 4)}`;

function timeText(iso) {
  return `${dateText(iso)} ${new Date(iso).toISOString().slice(11, 19)} UTC`;
}

// ---- elements ----

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const html = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

const namespace = byId('namespace').namespaceURI;
const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(namespace, tag), attributes, children);

function words(x, y, text, attributes = {}) {
  return svg('text', { x, y, ...attributes }, text);
}

/** A path through points; a point that is not finite breaks it. */
function path(xs, ys, attributes) {
  let d = '';
  let pen = 'M';
  for (let i = 0; i < xs.length; ++i) {
    if (!finite(xs[i]) || !finite(ys[i])) {
      pen = 'M';
      continue;
    }
    d += `${pen}${xs[i].toFixed(1)} ${ys[i].toFixed(1)}`;
    pen = 'L';
  }
  return svg('path', { d, ...attributes });
}

// ---- scales ----

function niceStep(span, count) {
  const rough = span / Math.max(count, 1);
  const unit = 10 ** Math.floor(Math.log10(rough));
  return unit * [1, 2, 2.5, 5, 10].find((m) => m * unit >= rough * 0.999);
}

/** About `count` round numbers, at least three: two wide steps from zero can fall outside a domain around it. */
function linearTicks(low, high, count) {
  for (let n = count; ; ++n) {
    const step = niceStep(high - low, n);
    const ticks = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; ++i) ticks.push(i * step);
    if (ticks.length >= 3 || n >= count + 6) return ticks;
  }
}

function logTicks(low, high) {
  const ticks = [];
  const steps = high / low > 2000 ? [1] : high / low > 8 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); ++e) {
    for (const m of steps) {
      const t = m * 10 ** e;
      if (t >= low * 0.999 && t <= high * 1.001) ticks.push(t);
    }
  }
  return ticks;
}

const bends = {
  linear: (x) => x,
  log: (x) => Math.log(x),
  root: (x) => Math.sqrt(Math.max(x, 0)),
};

/** Maps a domain to pixels through a bend: linear, log or root. */
function scale(domain, range, bend = 'linear') {
  const f = bends[bend];
  const a = f(domain[0]);
  const b = f(domain[1]);
  return (x) => range[0] + ((f(x) - a) / (b - a || 1)) * (range[1] - range[0]);
}

function extent(values, pad = 0.06) {
  let [low, high] = [Infinity, -Infinity];
  for (const v of values.filter(finite)) [low, high] = [Math.min(low, v), Math.max(high, v)];
  if (low > high) return [0, 1];
  if (high - low < 1e-12) [low, high] = [low - Math.abs(low) * 0.1 - 1e-6, high + Math.abs(high) * 0.1 + 1e-6];
  return [low - pad * (high - low), high + pad * (high - low)];
}

/** As many decimals as tell the ticks apart. */
function tickDigits(ticks, factor = 1) {
  if (ticks.length < 2) return 2;
  const step = Math.abs(ticks[1] - ticks[0]) * factor;
  for (let digits = 0; digits < 6; ++digits) {
    if (Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) < 1e-6 * step * 10 ** digits) return digits;
  }
  return 6;
}

const percentTicks = (ticks) => ticks.map((t) => fixed(100 * t, tickDigits(ticks, 100)) + '%');
const plainTicks = (ticks) => ticks.map((t) => fixed(t, tickDigits(ticks)));

// ---- one set of axes ----

const tall = { smile: 200, residual: 104, term: 240, terms: 240 };
let clips = 0;

/** Axes in `host`. x and y are {domain, bend, ticks, texts, name}; what is drawn goes to `body`, clipped, or `over`. */
function axes(host, height, x, y, label) {
  const width = Math.max(host.clientWidth, 240);
  const ticksY = y.ticks ?? linearTicks(...y.domain, Math.max(3, Math.round(height / 48)));
  const textsY = (y.texts ?? plainTicks)(ticksY);
  const left = Math.max(12 + 6.4 * Math.max(...textsY.map((t) => t.length), 2), y.left ?? 0);
  const box = { left, right: width - (x.room ?? 10), top: 8, bottom: height - (x.name === '' ? 18 : 32) };
  const sx = scale(x.domain, [box.left, box.right], x.bend);
  const sy = scale(y.domain, [box.bottom, box.top], y.bend);
  const ticksX = thinned(x.ticks ?? linearTicks(...x.domain, Math.max(2, Math.round(width / 85))), sx, 34);
  const textsX = (x.texts ?? plainTicks)(ticksX);
  const clip = `clip-${++clips}`;
  const frame = svg('g');
  ticksX.forEach((t, i) => {
    frame.append(svg('line', { class: 'grid', x1: sx(t), x2: sx(t), y1: box.top, y2: box.bottom }));
    frame.append(words(sx(t), box.bottom + 13, textsX[i], { 'text-anchor': 'middle' }));
  });
  ticksY.forEach((t, i) => {
    frame.append(svg('line', { class: 'grid', x1: box.left, x2: box.right, y1: sy(t), y2: sy(t) }));
    frame.append(words(box.left - 5, sy(t) + 4, textsY[i], { 'text-anchor': 'end' }));
  });
  if (x.name) frame.append(words((box.left + box.right) / 2, height - 3, x.name, { 'text-anchor': 'middle' }));
  frame.append(svg('rect', { class: 'frame', x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top }));
  const body = svg('g', { 'clip-path': `url(#${clip})` });
  const over = svg('g');
  const root = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label, tabindex: 0 },
    svg('clipPath', { id: clip }, svg('rect', { x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top })),
    frame, body, over);
  host.replaceChildren(root);
  return { root, body, over, box, sx, sy, width, height };
}

/** Ticks at least `gap` pixels apart. */
function thinned(ticks, sx, gap) {
  let last = -Infinity;
  return ticks.filter((t) => {
    if (sx(t) - last < gap) return false;
    last = sx(t);
    return true;
  });
}

function zeroLine(a, y = 0) {
  a.body.append(svg('line', { class: 'zero', x1: a.box.left, x2: a.box.right, y1: a.sy(y), y2: a.sy(y) }));
}

function moneyLine(a, x) {
  a.body.append(svg('line', { class: 'money', x1: a.sx(x), x2: a.sx(x), y1: a.box.top, y2: a.box.bottom }));
}

// ---- read-out ----

const tip = byId('tip');

function showTip(clientX, clientY, title, rows, warning) {
  const list = html('dl');
  for (const [name, value] of rows) list.append(html('dt', {}, name), html('dd', {}, value));
  tip.replaceChildren(html('b', {}, title), list);
  if (warning) tip.append(html('p', {}, warning));
  tip.hidden = false;
  const { offsetWidth: w, offsetHeight: h } = tip;
  const x = clientX + 14 + w > innerWidth - 8 ? clientX - 14 - w : clientX + 14;
  tip.style.left = `${Math.min(Math.max(8, x), Math.max(8, innerWidth - 8 - w))}px`;
  tip.style.top = `${Math.min(Math.max(8, clientY - h / 2), innerHeight - 8 - h)}px`;
}

function hideTip() {
  tip.hidden = true;
}

/** Points {x, y, title, rows, warning} in pixels become readable by pointer (the nearest) and by arrow keys. */
function readable(a, items) {
  if (items.length === 0) return;
  const sorted = [...items].sort((p, q) => p.x - q.x);
  const ring = svg('circle', { class: 'ring', r: 6, visibility: 'hidden' });
  a.over.append(ring);
  let now = -1;
  const show = (i) => {
    now = i;
    const item = sorted[i];
    ring.setAttribute('cx', item.x);
    ring.setAttribute('cy', item.y);
    ring.setAttribute('visibility', 'visible');
    const rect = a.root.getBoundingClientRect();
    const zoom = rect.width / a.width;
    showTip(rect.left + item.x * zoom, rect.top + item.y * zoom, item.title, item.rows, item.warning);
  };
  const hide = () => {
    ring.setAttribute('visibility', 'hidden');
    hideTip();
  };
  a.root.addEventListener('pointermove', (event) => show(nearest(a, sorted, event)));
  a.root.addEventListener('pointerdown', (event) => show(nearest(a, sorted, event)));
  a.root.addEventListener('pointerleave', hide);
  a.root.addEventListener('blur', hide);
  a.root.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === 'Escape') hide();
    if (!step) return;
    event.preventDefault();
    show(now < 0 ? Math.floor(sorted.length / 2) : Math.min(Math.max(now + step, 0), sorted.length - 1));
  });
}

/** Nearest in x first: a column of points is told apart by y. */
function nearest(a, items, event) {
  const rect = a.root.getBoundingClientRect();
  const zoom = rect.width / a.width;
  const px = (event.clientX - rect.left) / zoom;
  const py = (event.clientY - rect.top) / zoom;
  let best = 0;
  let least = Infinity;
  items.forEach((item, i) => {
    const distance = (item.x - px) ** 2 + 0.15 * (item.y - py) ** 2;
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}

// ---- legends ----

const keys = {
  mark: () => svg('circle', { class: 'mark', cx: 9, cy: 6, r: 3 }),
  spread: () => svg('path', { class: 'spread', d: 'M9 0V12M6 0H12M6 12H12' }),
  out: () => svg('circle', { class: 'dot out m0', cx: 9, cy: 6, r: 3 }),
};
const lineKey = (i) => svg('svg', { width: 26, height: 12, 'aria-hidden': 'true' },
  svg('line', { class: `line m${i}`, x1: 0, x2: 26, y1: 6, y2: 6 }));

function legend(id, ...entries) {
  byId(id).replaceChildren(...entries.map(([key, text]) =>
    html('span', {}, svg('svg', { width: 18, height: 12, 'aria-hidden': 'true' }, keys[key]()), text)));
}

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

function spreadBar(a, x, low, high) {
  const top = finite(high) ? a.sy(high) : a.sy(low);
  const bottom = finite(low) ? a.sy(low) : a.sy(high);
  if (!finite(top) || !finite(bottom)) return null;
  let d = '';
  if (finite(low) && finite(high)) d += `M${x} ${top}V${bottom}`;
  if (finite(high)) d += `M${x - 2.5} ${top}H${x + 2.5}`;
  if (finite(low)) d += `M${x - 2.5} ${bottom}H${x + 2.5}`;
  return svg('path', { class: 'spread', d });
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
