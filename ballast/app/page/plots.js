'use strict';
// What the pages with smiles share: numbers, SVG elements, scales, axes, the read-out under the pointer. The page's own script comes
// after it and calls it.

const byId = (id) => document.getElementById(id);
const finite = (x) => typeof x === 'number' && Number.isFinite(x);

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

function legend(id, ...entries) {
  byId(id).replaceChildren(...entries.map(([key, text]) =>
    html('span', {}, svg('svg', { width: 18, height: 12, 'aria-hidden': 'true' }, keys[key]()), text)));
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
