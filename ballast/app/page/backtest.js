'use strict';
// The page of a backtest. It reads the JSON beside it (docs/backtest-json.md) and draws SVG; nothing is loaded, nothing
// is sent. Text from the data only ever becomes textContent. Styles are classes: the policy allows no other.

const data = JSON.parse(document.getElementById('data').textContent);
const rules = data.rules, series = data.series;
const time = series.time.map((t) => Date.parse(t));
const byId = (id) => document.getElementById(id);
const namespace = byId('namespace').namespaceURI;

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
const html = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(namespace, tag), attributes, children);
const known = (x) => typeof x === 'number';

// ---- what is chosen: one state for all charts
const first = Math.max(0, rules.findIndex((r) => r.name === data.base));
const state = { currency: data.numeraire, rule: first, at: time.length - 1, hidden: new Set() };

// ---- numbers
const unitOf = (currency) => (currency === 'usd' ? 'USD' : data.underlying);
const unit = unitOf(data.numeraire);

/** Decimals that leave the largest of the values four digits. */
function decimals(values) {
  const top = Math.max(...values.filter(known).map(Math.abs), 0);
  return top > 0 ? Math.min(8, Math.max(0, 3 - Math.floor(Math.log10(top)))) : 0;
}
function figure(x, digits) {
  if (!known(x)) return '–';
  const text = x.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return text.replace(/^-(0(?:\.0*)?)$/, '$1').replace('-', '−');
}
const chance = (p) => (!known(p) ? '–' : p < 0.001 ? '<0.001' : p.toFixed(3));
const when = (t) => t.replace('T', ' ').replace(/(:\d\d):00(\.000)?Z$/, '$1 UTC').replace(/Z$/, ' UTC');

// ---- the colour of a rule: grey where the book is left alone
let turn = 0;
const colour = rules.map((r) => (r.hedges ? `c${turn++ % 8}` : 'c-none'));
turn = 0;
const again = rules.map((r) => r.hedges && turn++ >= 8);
const swatch = (k) => html('span', { class: `swatch ${colour[k]}`, 'aria-hidden': 'true' });

// ---- scales
function ticks(low, high, most) {
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= rough * (1 - 1e-9));
  const list = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k) list.push(k * step + 0);  // no -0
  return list;
}
const tickDigits = (list) => (list.length > 1 ? Math.max(0, -Math.floor(Math.log10(list[1] - list[0]) + 1e-9)) : 2);
function span(values, room = 0.05) {
  let low = Infinity, high = -Infinity;
  for (const v of values) {
    if (!known(v)) continue;
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  if (low > high) return [0, 1];
  const more = high > low ? room * (high - low) : Math.max(Math.abs(high) * 0.05, 1e-9);
  return [low - more, high + more];
}
const hour = 3600e3, day = 24 * hour;
function dates(from, to, most) {
  const step = [hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 5 * day, 10 * day, 20 * day, 30 * day, 60 * day, 90 * day,
    180 * day, 365 * day].find((s) => (to - from) / s <= most) ?? 730 * day;
  const list = [];
  for (let t = Math.ceil(from / step) * step; t <= to; t += step) list.push(t);
  return list.map((t) => {
    const iso = new Date(t).toISOString();
    return [t, step < day ? `${iso.slice(5, 10)} ${iso.slice(11, 16)}` : iso.slice(0, 10)];
  });
}

function canvas(id, height, label, focusable) {
  const width = Math.max(280, byId(id).clientWidth);
  const attributes = { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label };
  if (focusable) attributes.tabindex = 0;
  return { width, height, root: svg('svg', attributes) };
}

/** Frame of a chart over time: grid, axes, and the crosshair that all of them share. */
function timeChart(id, height, [y0, y1], label, unitWords) {
  const c = canvas(id, height, `${label}; arrow keys move along the instants`, true);
  const levels = ticks(y0, y1, Math.max(3, Math.floor(height / 55))), digits = tickDigits(levels);
  const texts = levels.map((v) => figure(v, digits));
  const left = 14 + 7 * Math.max(...texts.map((t) => t.length)), right = 12, top = 18, bottom = 24;
  const t0 = time[0], t1 = time[time.length - 1];
  c.x = (t) => left + ((t - t0) / (t1 - t0)) * (c.width - left - right);
  c.y = (v) => height - bottom - ((v - y0) / (y1 - y0)) * (height - top - bottom);
  levels.forEach((v, i) => {
    c.root.append(svg('line', { class: 'grid', x1: left, x2: c.width - right, y1: c.y(v), y2: c.y(v) }));
    c.root.append(svg('text', { x: left - 6, y: c.y(v) + 4, 'text-anchor': 'end' }, texts[i]));
  });
  for (const [t, words] of dates(t0, t1, Math.max(2, Math.floor((c.width - left) / 105)))) {
    c.root.append(svg('line', { class: 'grid', x1: c.x(t), x2: c.x(t), y1: top, y2: height - bottom }));
    const anchor = c.x(t) > c.width - 36 ? 'end' : c.x(t) < left + 30 ? 'start' : 'middle';
    c.root.append(svg('text', { x: c.x(t), y: height - 7, 'text-anchor': anchor }, words));
  }
  c.root.append(svg('text', { x: left, y: 12, 'text-anchor': 'start' }, unitWords));
  c.root.append(svg('path', { class: 'axis', d: `M${left} ${top}V${height - bottom}H${c.width - right}` }));
  c.cross = svg('line', { class: 'cross', y1: top, y2: height - bottom });
  c.follow = () => {
    const x = c.x(time[state.at]);
    c.cross.setAttribute('x1', x);
    c.cross.setAttribute('x2', x);
  };
  const to = (event) => {
    const box = c.root.getBoundingClientRect(), px = ((event.clientX - box.left) * c.width) / box.width;
    const t = t0 + ((px - left) / (c.width - left - right)) * (t1 - t0);
    let low = 0, high = time.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (time[middle] <= t) low = middle; else high = middle;
    }
    moveTo(t - time[low] < time[high] - t ? low : high, false);
  };
  c.root.addEventListener('pointermove', to);
  c.root.addEventListener('pointerdown', to);
  c.root.addEventListener('keydown', (event) => {
    const far = Math.max(1, Math.round(time.length / 20));
    const next = { ArrowLeft: state.at - 1, ArrowRight: state.at + 1, PageUp: state.at - far, PageDown: state.at + far,
      Home: 0, End: time.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    moveTo(Math.min(Math.max(next, 0), time.length - 1), true);
  });
  return c;
}

/** A path through the values that are known; steps: a value holds until the next. */
function path(xs, ys, steps) {
  let d = '', on = false;
  for (let i = 0; i < xs.length; ++i) {
    if (ys[i] === null) { on = false; continue; }
    d += on ? (steps ? `H${xs[i].toFixed(1)}V${ys[i].toFixed(1)}` : `L${xs[i].toFixed(1)} ${ys[i].toFixed(1)}`)
      : `M${xs[i].toFixed(1)} ${ys[i].toFixed(1)}`;
    on = true;
  }
  return d;
}

// ---- the table of rules
function rulesTable() {
  const cost = (r) => (known(r.fees) && known(r.slippage) ? r.fees + r.slippage : null);
  const money = (values) => { const d = decimals(values); return (x) => figure(x, d); };
  const percent = () => (x) => figure(x, 2), whole = () => (x) => figure(x, 0);
  // Heading, value, how it is written, and which is best: 1 the largest, -1 the smallest, 0 none.
  const columns = [
    [`RMSE, ${unit}`, (r) => r.rmse, money, -1, 'root mean square of the P&L of a step without costs'],
    ['RMSE less, %', (r) => r.rmse_reduction_percent, percent, 1, 'against the book left alone'],
    ['variance less, %', (r) => r.variance_reduction_percent, percent, 1, 'against the book left alone'],
    ['mean', (r) => r.mean, money, 0, 'of the P&L of a step without costs'],
    ['worst', (r) => r.worst, money, 1, 'the smallest P&L of a step without costs'],
    ['ES 95 %', (r) => r.es95, money, -1, 'the mean loss of the worst twentieth of the steps'],
    [`P&L, ${unit}`, (r) => r.pnl, money, 1, 'what the equity gained, all costs included'],
    ['drawdown', (r) => r.max_drawdown, money, -1, 'the largest fall of the equity below what it had been'],
    ['fees', (r) => r.fees, money, 0, 'below 0 is paid'],
    ['slippage', (r) => r.slippage, money, 0, 'of trades against the mark, below 0 is paid'],
    ['costs', cost, money, 1, 'fees and slippage'],
    ['funding', (r) => r.funding, money, 0, 'of perpetuals, below 0 is paid'],
    ['turnover, USD', (r) => r.turnover_usd, whole, -1, 'of hedges'],
    ['trades', (r) => r.fills, whole, 0, 'fills of hedges'],
    ['refused', (r) => r.refusals, whole, 0, 'instants at which the desk refused to answer'],
    ['explained, %', (r) => (known(r.residual_ok_share) ? 100 * r.residual_ok_share : null), () => (x) => figure(x, 1), 0,
      'steps whose residual is within a tenth of the gross of the other lines'],
  ];
  const head = html('tr', {}, html('th', { scope: 'col' }, 'rule'),
    ...columns.map(([name, , , , words]) => html('th', { scope: 'col', title: words }, name)));
  const write = columns.map(([, value, form]) => form(rules.map(value)));
  const best = columns.map(([, value, , way]) => {
    const list = rules.filter((r) => r.hedges).map(value).filter(known);
    return way && list.length > 1 ? way * Math.max(...list.map((x) => way * x)) : null;
  });
  const rows = rules.map((r, k) => html('tr', r.hedges ? {} : { class: 'unhedged' },
    html('th', { scope: 'row' }, swatch(k), r.name + (r.name === data.base ? ' (base)' : '')),
    ...columns.map(([, value], i) => {
      const x = value(r), top = r.hedges && known(x) && x === best[i];
      return html('td', top ? { class: 'best', title: 'best of the rules that hedge' } : {}, write[i](x));
    })));
  byId('rules').replaceChildren(html('table', {}, html('thead', {}, head), html('tbody', {}, ...rows)));
  byId('rules-words').textContent = `Errors are of the P&L of a step without fees and slippage, in ${unit}; ` +
    'the best of the rules that hedge is marked with a dot. Hover over a heading for its meaning.';
}

// ---- the comparison with the base
function drawAgainst() {
  const list = rules.map((r, k) => [r, k]).filter(([r]) => r.against_base && r.against_base.ratio > 0);
  byId('against-words').textContent = list.length
    ? `Sum of squared P&L over that of ${data.base}: left of 1 is better. Dot and 95 % bootstrap interval; p of ` +
      'Diebold–Mariano, and deflated for all rules tried.'
    : 'There is no other rule.';
  if (!list.length) return;
  // A phone has no room for the figures beside the name: they go below.
  const narrow = byId('against').clientWidth < 460;
  const row = narrow ? 58 : 40, top = 8, bottom = 40, right = 14, left = 14;
  const c = canvas('against', top + row * list.length + bottom, `variance ratio of each rule over ${data.base}`, false);
  const all = list.flatMap(([r]) => [r.against_base.ratio, r.against_base.ratio_low, r.against_base.ratio_high]);
  const logs = [...all.filter((x) => known(x) && x > 0), 1].map(Math.log10);
  const [x0, x1] = span(logs, 0.08);
  const x = (ratio) => left + ((Math.log10(ratio) - x0) / (x1 - x0)) * (c.width - left - right);
  // Round numbers of a logarithmic axis, thinned until they have room.
  const marks = [];
  for (const factors of [[1, 2, 5], [1]]) {
    marks.length = 0;
    for (let e = Math.floor(x0); e <= Math.ceil(x1); ++e) {
      for (const f of factors) if (Math.log10(f) + e >= x0 && Math.log10(f) + e <= x1) marks.push(f * 10 ** e);
    }
    if (marks.length <= c.width / 50) break;
  }
  if (marks.length < 3) {
    marks.length = 0;
    marks.push(...ticks(10 ** x0, 10 ** x1, 5).filter((m) => m > 0));
  }
  const base = top + row * list.length;
  for (const m of marks) {
    c.root.append(svg('line', { class: 'grid', x1: x(m), x2: x(m), y1: top, y2: base }));
    c.root.append(svg('text', { x: x(m), y: base + 16, 'text-anchor': 'middle' }, String(Number(m.toPrecision(3)))));
  }
  c.root.append(svg('line', { class: 'zero', x1: x(1), x2: x(1), y1: top, y2: base }));
  c.root.append(svg('text', { x: (left + c.width - right) / 2, y: base + 34, 'text-anchor': 'middle' }, 'variance ratio, logarithmic'));
  list.forEach(([r, k], i) => {
    const a = r.against_base, y = top + row * i + 28;
    const group = svg('g', { class: colour[k] });
    if (known(a.ratio_low) && known(a.ratio_high)) {
      const low = Math.max(a.ratio_low, 10 ** x0);  // the interval is symmetric and may pass 0, which has no place here
      group.append(svg('line', { class: 'whisker', x1: x(low), x2: x(a.ratio_high), y1: y, y2: y }));
      for (const end of [low, a.ratio_high]) group.append(svg('line', { class: 'whisker', x1: x(end), x2: x(end), y1: y - 4, y2: y + 4 }));
    }
    group.append(svg('circle', { class: 'dot', cx: x(a.ratio), cy: y, r: 4.5 }));
    const words = `${a.ratio.toPrecision(3)}  p ${chance(a.p)}` + (known(a.p_deflated) ? `, deflated ${chance(a.p_deflated)}` : '');
    c.root.append(group, svg('text', { class: 'name', x: left, y: y - 14 }, r.name),
      narrow ? svg('text', { x: left, y: y + 18 }, words) : svg('text', { x: c.width - right, y: y - 14, 'text-anchor': 'end' }, words));
  });
  byId('against').replaceChildren(c.root);
}

// ---- regimes
function regimesTable() {
  const names = (rules[0].regimes ?? []).map((g) => g.regime);
  const digits = decimals(rules.flatMap((r) => r.regimes.map((g) => g.rmse)));
  const steps = rules[0].regimes.map((g) => g.instants);
  const head = html('tr', {}, html('th', { scope: 'col' }, 'rule'),
    ...names.flatMap((name, i) => [html('th', { scope: 'col' }, `${name} (${steps[i]})`), html('th', { scope: 'col' }, 'less, %')]));
  const best = names.map((_, i) => {
    const list = rules.filter((r) => r.hedges).map((r) => r.regimes[i].rmse).filter(known);
    return list.length > 1 ? Math.min(...list) : null;
  });
  const rows = rules.map((r, k) => html('tr', r.hedges ? {} : { class: 'unhedged' }, html('th', { scope: 'row' }, swatch(k), r.name),
    ...r.regimes.flatMap((g, i) => [
      html('td', r.hedges && known(g.rmse) && g.rmse === best[i] ? { class: 'best', title: 'best of the rules that hedge' } : {}, figure(g.rmse, digits)),
      html('td', {}, figure(g.rmse_reduction_percent, 1))])));
  byId('regimes').replaceChildren(html('table', {}, html('thead', {}, head), html('tbody', {}, ...rows)));
  byId('regimes-words').textContent = `RMSE of a step in ${unit}, and how much less than of the book left alone; steps of each regime in brackets, those without enough past in none.`;
}

// ---- equity
const charts = {};
function drawEquity() {
  const key = `equity_${state.currency}`;
  const shown = series.rules.map((s, k) => [s, k]).filter(([, k]) => !state.hidden.has(k));
  const c = timeChart('equity', Math.max(240, Math.min(380, 0.5 * byId('equity').clientWidth)),
    span(shown.flatMap(([s]) => s[key])), 'equity of each rule over time', unitOf(state.currency));
  const xs = time.map(c.x);
  for (const [s, k] of shown) {
    const line = path(xs, s[key].map((v) => (known(v) ? c.y(v) : null)), false);
    c.root.append(svg('path', { class: `line ${colour[k]}${again[k] ? ' second-turn' : ''}`, d: line }));
  }
  c.root.append(c.cross);
  byId('equity').replaceChildren(c.root);
  const values = series.rules.map((s, k) => {
    const value = html('b');
    const button = html('button', { type: 'button', 'aria-pressed': String(!state.hidden.has(k)) }, swatch(k), s.name, value);
    button.addEventListener('click', () => {
      if (!state.hidden.delete(k)) state.hidden.add(k);
      drawEquity();
      byId('equity-legend').children[k].focus();
    });
    return [button, value];
  });
  byId('equity-legend').replaceChildren(...values.map(([button]) => button));
  const digits = state.currency === 'usd' ? 0 : 4;
  charts.equity = () => {
    c.follow();
    series.rules.forEach((s, k) => { values[k][1].textContent = figure(s[key][state.at], digits); });
    byId('equity-time').textContent = `${when(series.time[state.at])} · index ${figure(series.index[state.at], 0)} USD`;
  };
  charts.equity();
}

// ---- errors in common bins
function drawErrors() {
  const list = series.rules.map((s, k) => [s.pnl.filter(known), k]).filter(([pnl]) => pnl.length);
  if (!list.length) return;
  // So wide that a hundredth of the widest rule's steps lies outside; those are counted in the last bins.
  const reach = Math.max(...list.map(([pnl]) => {
    const sizes = pnl.map(Math.abs).sort((a, b) => a - b);
    return sizes[Math.min(sizes.length - 1, Math.floor(0.99 * sizes.length))];
  })) || 1;
  const bins = 61, counts = list.map(([pnl]) => {
    const count = new Array(bins).fill(0);
    for (const v of pnl) count[Math.min(bins - 1, Math.max(0, Math.floor(((v / reach + 1) / 2) * bins)))] += 1 / pnl.length;
    return count;
  });
  const alone = list.findIndex(([, k]) => !rules[k].hedges);
  const rows = list.map((_, i) => i).filter((i) => i !== alone || list.length === 1);
  byId('errors-words').textContent = `Share of the steps in ${bins} equal bins, in ${unit}; height is its square root. ` +
    (alone >= 0 ? 'Grey: the book left alone. ' : '') + 'What is beyond the ends is counted in the last bins.';
  const row = 66, top = 4, bottom = 40, left = 14, right = 14;
  const c = canvas('errors', top + row * rows.length + bottom, 'distribution of the P&L of a step, rule by rule', false);
  const highest = Math.sqrt(Math.max(...counts.flat()));
  const x = (bin) => left + (bin / bins) * (c.width - left - right), base = top + row * rows.length;
  const value = (v) => x(((v / reach + 1) / 2) * bins);
  const marks = ticks(-reach, reach, Math.max(3, Math.floor(c.width / 90))), digits = tickDigits(marks);
  for (const m of marks) {
    c.root.append(svg('line', { class: m === 0 ? 'zero' : 'grid', x1: value(m), x2: value(m), y1: top, y2: base }));
    c.root.append(svg('text', { x: value(m), y: base + 16, 'text-anchor': 'middle' }, figure(m, digits)));
  }
  c.root.append(svg('text', { x: c.width / 2, y: base + 34, 'text-anchor': 'middle' }, `P&L of a step, ${unit}`));
  const shape = (count, floor) => {
    let d = `M${x(0)} ${floor}`;
    count.forEach((share, b) => { d += `V${(floor - (Math.sqrt(share) / highest) * (row - 12)).toFixed(1)}H${x(b + 1).toFixed(1)}`; });
    return `${d}V${floor}Z`;
  };
  rows.forEach((i, j) => {
    const floor = top + row * (j + 1), k = list[i][1];
    if (alone >= 0 && alone !== i) c.root.append(svg('path', { class: 'behind', d: shape(counts[alone], floor) }));
    c.root.append(svg('path', { class: `area ${colour[k]}`, d: shape(counts[i], floor) }),
      svg('line', { class: 'axis', x1: left, x2: c.width - right, y1: floor, y2: floor }),
      svg('text', { class: 'name', x: left, y: floor - row + 18 }, series.rules[k].name),
      svg('text', { x: c.width - right, y: floor - row + 18, 'text-anchor': 'end' }, `sd ${figure(rules[k].std, decimals([rules[k].std]))}`));
  });
  byId('errors').replaceChildren(c.root);
}

// ---- attribution
const lineWords = { delta: 'the index moved', gamma: 'second and third order in the price', vega: 'the vol at the money moved', theta: 'time passed',
  vanna: 'price and vol together', volga: 'second and third order in the vol', rho: 'discounting', carry: 'forwards rolled down',
  funding: 'of perpetuals', basis: 'forwards against the index', smile: "the option's own vol against the money's", fees: 'of trades and deliveries',
  slippage: 'trades against the mark', settlement: 'averages at delivery', collateral: 'equity in the other currency', residual: 'what is left' };
function drawWaterfall() {
  const r = rules[state.rule], lines = r[`attribution_${state.currency}`], start = r[`start_${state.currency}`];
  if (!lines || !known(start)) {
    byId('waterfall').replaceChildren(html('p', {}, 'Not known: the result has instants that the others lack.'));
    return;
  }
  const bars = [['start', null, start, start]];
  let level = start;
  for (const [name, value] of Object.entries(lines)) {
    if (!value) continue;
    bars.push([name, value, level, level + value]);
    level += value;
  }
  const end = r[`end_${state.currency}`];
  bars.push(['end', null, end, end]);
  const row = 22, top = 6, bottom = 24, left = 84, digits = decimals(bars.map(([, v]) => v));
  const texts = bars.map(([, v, , to]) => (v === null ? figure(to, state.currency === 'usd' ? 0 : 4) : (v > 0 ? '+' : '') + figure(v, digits)));
  const right = 16 + 7 * Math.max(...texts.map((t) => t.length));
  const c = canvas('waterfall', top + row * bars.length + bottom, `equity of ${r.name} from start to end, line by line`, false);
  const [x0, x1] = span(bars.flatMap(([, , a, b]) => [a, b]), 0.06), base = top + row * bars.length;
  const x = (v) => left + ((v - x0) / (x1 - x0)) * (c.width - left - right);
  const marks = ticks(x0, x1, Math.max(2, Math.floor((c.width - left - right) / 80))), markDigits = tickDigits(marks);
  for (const m of marks) {
    c.root.append(svg('line', { class: 'grid', x1: x(m), x2: x(m), y1: top, y2: base }));
    c.root.append(svg('text', { x: x(m), y: base + 16, 'text-anchor': 'middle' }, figure(m, markDigits)));
  }
  bars.forEach(([name, value, a, b], i) => {
    const y = top + row * i, from = value === null ? left : x(Math.min(a, b)), width = value === null ? x(b) - left : Math.abs(x(b) - x(a));
    const bar = svg('rect', { class: value === null ? 'whole' : value > 0 ? 'gain' : 'loss', x: from, y: y + 4, width: Math.max(width, 1), height: row - 8 });
    bar.append(svg('title', {}, `${name}${lineWords[name] ? `: ${lineWords[name]}` : ''}`));
    c.root.append(bar, svg('text', { class: 'name', x: left - 6, y: y + 15, 'text-anchor': 'end' }, name),
      svg('text', { x: c.width - 4, y: y + 15, 'text-anchor': 'end' }, texts[i]));
    if (i + 1 < bars.length) c.root.append(svg('line', { class: 'link', x1: x(b), x2: x(b), y1: y + row - 4, y2: y + row + 4 }));
  });
  byId('waterfall').replaceChildren(c.root);
}

// ---- delta
function drawDelta() {
  const s = series.rules[state.rule], r = rules[state.rule];
  const band = s.half_width.some((w) => known(w) && w > 0);
  byId('delta-words').textContent = `Distance from the neutral point in ${data.underlying}: grey as the desk found it, coloured after its trade` +
    (band ? '; shaded: the band within which it waits.' : '.');
  const values = [0, ...s.delta_before, ...s.delta_after];
  const c = timeChart('delta', Math.max(200, Math.min(300, 0.4 * byId('delta').clientWidth)), span(values),
    `delta of ${r.name} before and after its trades`, data.underlying);
  const xs = time.map(c.x), inside = (v) => Math.min(Math.max(c.y(v), 18), c.height - 24);
  const group = svg('g', { class: colour[state.rule] });
  if (band) {
    // As high as the chart at most: a wide band must not squeeze the delta.
    const up = path(xs, s.half_width.map((w) => inside(known(w) ? w : 0)), true);
    const down = path([...xs].reverse(), [...s.half_width].reverse().map((w) => inside(known(w) ? -w : 0)), false);
    group.append(svg('path', { class: 'band', d: `${up}L${down.slice(1)}Z` }));
  }
  group.append(svg('line', { class: 'zero', x1: xs[0], x2: xs[xs.length - 1], y1: c.y(0), y2: c.y(0) }),
    svg('path', { class: 'before', d: path(xs, s.delta_before.map((v) => (known(v) ? c.y(v) : null)), false) }),
    svg('path', { class: 'after', d: path(xs, s.delta_after.map((v) => (known(v) ? c.y(v) : null)), true) }));
  c.root.append(group, c.cross);
  byId('delta').replaceChildren(c.root);
  charts.delta = () => {
    c.follow();
    const i = state.at, w = s.half_width[i];
    byId('delta-time').textContent = `${when(series.time[i])} · before ${figure(s.delta_before[i], 4)}, after ${figure(s.delta_after[i], 4)}` +
      (known(w) && w > 0 ? `, band ±${figure(w, 4)}` : '') + ` ${data.underlying}`;
  };
  charts.delta();
}

/** The crosshair to an instant; spoken only where the keyboard moved it. */
function moveTo(at, aloud) {
  state.at = at;
  for (const follow of Object.values(charts)) follow();
  if (aloud) byId('spoken').textContent = `${byId('equity-time').textContent}; ${byId('delta-time').textContent}`;
}

// ---- controls
for (const group of document.querySelectorAll('.toggle')) {
  for (const currency of ['coin', 'usd']) {
    const button = html('button', { type: 'button', 'data-currency': currency }, unitOf(currency));
    button.addEventListener('click', () => {
      state.currency = currency;
      controls();
      drawEquity();
      drawWaterfall();
    });
    group.append(button);
  }
}
for (const select of document.querySelectorAll('.which')) {
  select.append(...rules.map((r, k) => html('option', { value: k }, r.name)));
  select.addEventListener('change', () => {
    state.rule = Number(select.value);
    controls();
    drawWaterfall();
    drawDelta();
  });
}
function controls() {
  for (const button of document.querySelectorAll('.toggle button')) button.setAttribute('aria-pressed', String(button.dataset.currency === state.currency));
  for (const select of document.querySelectorAll('.which')) select.value = String(state.rule);
}

function draw() {
  drawAgainst();
  drawEquity();
  drawErrors();
  drawWaterfall();
  drawDelta();
}

byId('title').textContent = data.name || `${data.underlying} backtest`;
byId('subtitle').textContent = `${data.underlying} · ${when(data.from)} to ${when(data.to)} · ${figure(data.instants, 0)} instants · counted in ${unit}` +
  (data.run ? ` · run ${data.run}` : '');
rulesTable();
regimesTable();
controls();
draw();
let width = document.documentElement.clientWidth;
addEventListener('resize', () => {
  // A phone's address bar changes the height alone.
  if (width === document.documentElement.clientWidth) return;
  width = document.documentElement.clientWidth;
  draw();
});
