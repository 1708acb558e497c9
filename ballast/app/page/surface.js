'use strict';
// The page of a fitted surface. It reads the JSON beside it (docs/surface-json.md) and draws with SVG and one canvas;
// nothing is loaded, nothing is sent. Text from the data only ever becomes textContent.

// ---- data and state ----

const data = JSON.parse(document.getElementById('data').textContent);
const slices = data.slices;
const state = { at: slices.findIndex((s) => s.days >= 25), axis: 'k' };
if (state.at < 0) state.at = slices.length - 1;

const chosen = () => slices[state.at];
const deviation = (s) => s.atm_vol * Math.sqrt(s.years);
const asideOf = (s) => data.dropped.filter((d) => d.expiry === s.expiry && finite(d.log_moneyness));

const tall = { main: 300, sub: 120, side: 190, third: 230, half: 380 };

function message(host, ...parts) {
  host.replaceChildren(html('p', { class: 'message' }, ...parts));
}

const keys = {
  model: () => svg('line', { class: 'line', x1: 0, x2: 18, y1: 6, y2: 6 }),
  beyond: () => svg('line', { class: 'line beyond', x1: 0, x2: 18, y1: 6, y2: 6 }),
  second: () => svg('line', { class: 'line second', x1: 0, x2: 18, y1: 6, y2: 6 }),
  faint: () => svg('line', { class: 'line faint', x1: 0, x2: 18, y1: 6, y2: 6 }),
  spread: () => svg('path', { class: 'spread', d: 'M9 0V12M6 0H12M6 12H12' }),
  mark: () => svg('circle', { class: 'mark', cx: 9, cy: 6, r: 3 }),
  out: () => svg('circle', { class: 'mark out', cx: 9, cy: 6, r: 3 }),
  aside: () => svg('path', { class: 'aside', d: 'M9 2L13 6L9 10L5 6Z' }),
};

// ---- strikes as the user wants to read them ----

const axisKinds = {
  k: { of: (k) => k, name: 'log-moneyness ln(K/F)' },
  strike: { of: (k, s) => s.forward * Math.exp(k), name: 'strike, USD' },
  deviations: { of: (k, s) => k / deviation(s), name: 'standard deviations ln(K/F) / σ√T' },
};

const along = (k, s) => axisKinds[state.axis].of(k, s);

function strikeTicks(ticks) {
  return state.axis === 'strike' ? ticks.map((t) => grouped(t, tickDigits(ticks))) : plainTicks(ticks);
}

function strikeAxis(s, name = axisKinds[state.axis].name) {
  const k = s.grid.log_moneyness;
  return { domain: [along(k[0], s), along(k[k.length - 1], s)], texts: strikeTicks, name };
}

/** The model's line: drawn through where it is quoted, dashed beyond. */
function modelLine(a, s, values) {
  const k = s.grid.log_moneyness;
  const low = s.quotes.length ? s.quotes[0].log_moneyness : Infinity;
  const high = s.quotes.length ? s.quotes[s.quotes.length - 1].log_moneyness : -Infinity;
  const step = k[1] - k[0];
  const xs = k.map((one) => a.sx(along(one, s)));
  const ys = values.map((v) => (finite(v) ? a.sy(v) : NaN));
  const inside = k.map((one) => one >= low - step && one <= high + step);
  a.body.append(path(xs, ys.map((y, i) => (inside[i] && inside[i + 1] !== undefined ? y : NaN)), { class: 'line' }));
  a.body.append(path(xs, ys.map((y, i) => (inside[i] && inside[i - 1] && inside[i + 1] ? NaN : y)), { class: 'line beyond' }));
}

// ---- smile and residuals ----

const insideSpread = (q) => !(finite(q.bid_vol) && q.model_vol < q.bid_vol) && !(finite(q.ask_vol) && q.model_vol > q.ask_vol);

function quoteRows(q, s) {
  return [
    ['strike', `${grouped(q.strike, q.strike < 10 ? 4 : 0)} USD`],
    ['ln(K/F)', fixed(q.log_moneyness, 4)],
    [data.target, percent(q.vol)],
    ['model', percent(q.model_vol)],
    ['model − quote', points(q.residual_points, 3)],
    ['bid – ask', `${percent(q.bid_vol)} – ${percent(q.ask_vol)}`],
    ['weight', fixed(q.weight, 3)],
    ['expiry', `${dateText(s.expiry)}, ${dayCount(s.days)}`],
  ];
}

const asideVol = (d) => {
  if (finite(d.vol)) return d.vol;
  if (finite(d.bid_vol) && finite(d.ask_vol)) return 0.5 * (d.bid_vol + d.ask_vol);
  return finite(d.bid_vol) ? d.bid_vol : d.ask_vol;
};

/** Vols that the picture has to hold: marks and model, and bid-ask as far as that does not flatten the smile. */
function volDomain(s) {
  const k = s.grid.log_moneyness;
  const low = s.quotes.length ? s.quotes[0].log_moneyness : k[0];
  const high = s.quotes.length ? s.quotes[s.quotes.length - 1].log_moneyness : k[k.length - 1];
  const main = s.quotes.map((q) => q.vol).concat(s.grid.vol.filter((v, i) => k[i] >= low && k[i] <= high));
  const [least, most] = extent(main, 0.05);
  const room = 0.3 * (most - least);
  const sides = s.quotes.flatMap((q) => [q.bid_vol, q.ask_vol]).filter(finite);
  return [Math.max(Math.min(least, Math.max(least - room, Math.min(...sides, least))), 0),
    Math.max(most, Math.min(most + room, Math.max(...sides, most)))];
}

function drawSmile() {
  const s = chosen();
  const a = axes(byId('smile'), tall.main, strikeAxis(s, ''), { domain: volDomain(s), texts: percentTicks, left: 56 },
    `Smile of ${dateText(s.expiry)}: ${s.quotes.length} quotes, vol at the money ${percent(s.atm_vol)}, fit within ${fixed(s.health.rmse_points, 3)} vol points`);
  moneyLine(a, along(0, s));
  for (const q of s.quotes) {
    const bar = spreadBar(a, a.sx(along(q.log_moneyness, s)), q.bid_vol, q.ask_vol);
    if (bar) a.body.append(bar);
  }
  modelLine(a, s, s.grid.vol);
  const items = [];
  for (const d of asideOf(s)) {
    if (!finite(asideVol(d))) continue;
    const x = a.sx(along(d.log_moneyness, s));
    const y = Math.min(Math.max(a.sy(asideVol(d)), a.box.top + 5), a.box.bottom - 5);
    if (x < a.box.left || x > a.box.right) continue;
    a.body.append(svg('path', { class: 'aside', d: `M${x} ${y - 4}L${x + 4} ${y}L${x} ${y + 4}L${x - 4} ${y}Z` }));
    items.push({ x, y, title: d.instrument, warning: `set aside: ${d.reason} (${d.detail})`,
      rows: [['strike', `${grouped(d.strike, d.strike < 10 ? 4 : 0)} USD`], ['vol', percent(d.vol)], ['bid – ask', `${percent(d.bid_vol)} – ${percent(d.ask_vol)}`]] });
  }
  for (const q of s.quotes) {
    const x = a.sx(along(q.log_moneyness, s));
    const y = a.sy(q.vol);
    a.body.append(svg('circle', { class: 'mark', cx: x, cy: y, r: 2.8 }));
    items.push({ x, y, title: q.instrument, rows: quoteRows(q, s), warning: insideSpread(q) ? null : 'the model lies outside the bid-ask' });
  }
  readable(a, items);
}

function residualDomain(s) {
  const model = s.quotes.map((q) => Math.abs(q.residual_points)).filter(finite);
  const sides = s.quotes.flatMap((q) => [100 * (q.ask_vol - q.vol), 100 * (q.vol - q.bid_vol)]).filter((v) => finite(v) && v > 0);
  sides.sort((x, y) => x - y);
  const typical = sides.length ? sides[Math.floor(0.7 * sides.length)] : 0;
  const reach = Math.max(1.25 * Math.max(...model, 0.001), 1.2 * typical);
  return [-reach, reach];
}

function drawResidual() {
  const s = chosen();
  const a = axes(byId('residual'), tall.sub, strikeAxis(s), { domain: residualDomain(s), left: 56 },
    `Residuals of ${dateText(s.expiry)}: root mean square ${fixed(s.health.rmse_points, 3)}, largest ${fixed(s.health.worst_points, 3)} vol points`);
  zeroLine(a);
  moneyLine(a, along(0, s));
  const items = [];
  for (const q of s.quotes) {
    const x = a.sx(along(q.log_moneyness, s));
    const y = a.sy(q.residual_points);
    const side = (v) => (finite(v) ? 100 * (v - q.vol) : NaN);
    const bar = spreadBar(a, x, side(q.bid_vol), side(q.ask_vol));
    if (bar) a.body.append(bar);
    a.body.append(svg('circle', { class: insideSpread(q) ? 'mark model' : 'mark out', cx: x, cy: y, r: 2.8 }));
    items.push({ x, y, title: q.instrument, rows: quoteRows(q, s), warning: insideSpread(q) ? null : 'the model lies outside the bid-ask' });
  }
  readable(a, items);
}

// ---- density and butterfly ----

function gridItems(a, s, values, name, show) {
  return s.grid.log_moneyness.map((k, i) => ({
    x: a.sx(along(k, s)), y: a.sy(values[i]), title: dateText(s.expiry),
    rows: [['K/F', percent(Math.exp(k), 1)], ['strike', `${grouped(s.forward * Math.exp(k), 0)} USD`], ['ln(K/F)', fixed(k, 4)], [name, show(values[i])]],
  })).filter((item) => finite(item.y));
}

function drawDensity() {
  const s = chosen();
  const g = s.grid;
  const stdev = deviation(s);
  const lognormal = g.log_moneyness.map((k) => Math.exp(-0.5 * (k / stdev + 0.5 * stdev) ** 2) / (stdev * Math.sqrt(2 * Math.PI)));
  const [low, high] = extent(g.density.concat(lognormal), 0.04);
  const a = axes(byId('density'), tall.side, strikeAxis(s, ''), { domain: [Math.min(low, 0), high], left: 44 },
    `Risk-neutral density of the logarithm of the price at ${dateText(s.expiry)} over the forward`);
  const xs = g.log_moneyness.map((k) => a.sx(along(k, s)));
  const ys = g.density.map((v) => (finite(v) ? a.sy(v) : NaN));
  a.body.append(path([xs[0], ...xs, xs[xs.length - 1]], [a.sy(0), ...ys, a.sy(0)], { class: 'fill' }));
  a.body.append(path(xs, lognormal.map((v) => a.sy(v)), { class: 'line faint' }));
  moneyLine(a, along(0, s));
  a.body.append(path(xs, ys, { class: 'line' }));
  readable(a, gridItems(a, s, g.density, 'density', (v) => fixed(v, 4)));
}

function drawButterfly() {
  const s = chosen();
  const g = s.grid;
  const [low, high] = extent(g.butterfly.concat([0]), 0.06);
  const a = axes(byId('butterfly'), tall.sub + 96, strikeAxis(s), { domain: [Math.min(low, -0.08 * (high - low)), Math.min(high, Math.max(4, 3 * Math.abs(low)))], left: 44 },
    `Butterfly function of ${dateText(s.expiry)}: least value ${fixed(s.health.least_butterfly, 4)}`);
  a.body.append(svg('rect', { class: 'fill-bad', x: a.box.left, y: a.sy(0), width: a.box.right - a.box.left, height: Math.max(a.box.bottom - a.sy(0), 0) }));
  zeroLine(a);
  moneyLine(a, along(0, s));
  modelLine(a, s, g.butterfly);
  readable(a, gridItems(a, s, g.butterfly, 'g', (v) => fixed(v, 4)));
}

// ---- all expiries ----

function miniature(s, i) {
  const width = 190;
  const height = 86;
  const domain = volDomain(s);
  const x = strikeAxis(s).domain;
  const sx = scale(x, [33, width - 2]);
  const sy = scale(domain, [height - 6, 4]);
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' });
  const a = { sx, sy, body: picture };
  picture.append(svg('line', { class: 'money', x1: sx(along(0, s)), x2: sx(along(0, s)), y1: 4, y2: height - 6 }));
  for (const q of s.quotes) {
    const at = sx(along(q.log_moneyness, s));
    const bar = spreadBar(a, at, q.bid_vol, q.ask_vol);
    if (bar) picture.append(bar);
  }
  const inside = s.grid.vol.map((v) => (v >= domain[0] && v <= domain[1] ? v : NaN));
  modelLine(a, s, inside);
  for (const q of s.quotes) picture.append(svg('circle', { class: insideSpread(q) ? 'mark' : 'mark out', cx: sx(along(q.log_moneyness, s)), cy: sy(q.vol), r: 1.7 }));
  picture.append(words(29, 12, `${fixed(100 * domain[1], 0)}%`, { 'text-anchor': 'end' }), words(29, height - 6, `${fixed(100 * domain[0], 0)}%`, { 'text-anchor': 'end' }));
  const button = html('button', { type: 'button', 'aria-pressed': i === state.at, title: s.warnings.join('; ') },
    html('span', { class: 'name' }, html('b', {}, shortDate(s.expiry)),
      html('span', { class: 'muted' }, dayCount(s.days)),
      html('span', { class: s.warnings.length ? 'warn' : 'muted' }, `${fixed(s.health.rmse_points, 2)} pt`)), picture);
  button.addEventListener('click', () => choose(i, 'multiples'));
  return button;
}

function drawMultiples() {
  byId('multiples').replaceChildren(...slices.map(miniature));
}

// ---- total variance: lines must not cross ----

const ramp = [[196, 74, 12], [183, 58, 122], [112, 80, 208], [43, 115, 214], [14, 140, 138]];
const viridis = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

function blend(stops, share) {
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const i = Math.min(Math.floor(at), stops.length - 2);
  return `rgb(${stops[i].map((c, j) => Math.round(c + (at - i) * (stops[i + 1][j] - c))).join(' ')})`;
}

const expiryColour = (i) => blend(ramp, slices.length > 1 ? i / (slices.length - 1) : 0.5);

/** Names at the right end of lines, moved apart where they would touch. */
function endNames(a, names) {
  names.sort((p, q) => p.y - q.y);
  let last = -Infinity;
  for (const name of names) {
    if (name.y - last < 11) continue;
    last = name.y;
    a.over.append(words(Math.min(name.x + 4, a.width - 2), name.y + 4, name.text, { class: 'end' }));
  }
}

function drawCalendar() {
  const quoted = slices.filter((s) => s.quotes.length);
  const ks = slices.flatMap((s) => [s.grid.log_moneyness[0], s.grid.log_moneyness[s.grid.log_moneyness.length - 1]]);
  const low = Math.max(Math.min(...ks), -1.5);
  const high = Math.min(Math.max(...ks), 1.5);
  const all = slices.flatMap((s) => s.grid.total_variance.filter((w, i) => w > 0 && s.grid.log_moneyness[i] >= low && s.grid.log_moneyness[i] <= high));
  const domain = [Math.min(...all) * 0.8, Math.max(...all) * 1.25];
  const a = axes(byId('calendar'), tall.half, { domain: [low, high], name: axisKinds.k.name, room: 48 },
    { domain, bend: 'log', ticks: logTicks(...domain), texts: (ticks) => ticks.map((t) => String(+t.toPrecision(2)).replace('e-', 'e−')) },
    `Total variance of ${slices.length} expiries against log-moneyness, logarithmic scale`);
  moneyLine(a, 0);
  const items = [];
  const names = [];
  slices.forEach((s, i) => {
    const g = s.grid;
    const xs = g.log_moneyness.map((k) => (k >= low && k <= high ? a.sx(k) : NaN));
    const ys = g.total_variance.map((w) => (w > 0 ? a.sy(w) : NaN));
    const line = path(xs, ys, { fill: 'none', stroke: expiryColour(i), 'stroke-width': i === state.at ? 2.8 : 1.4 });
    a.body.append(line);
    const end = xs.findLastIndex(finite);
    if (end >= 0) names.push({ x: xs[end], y: ys[end], text: dateText(s.expiry, false) });
    for (let j = 0; j < xs.length; j += 4) {
      if (!finite(xs[j]) || !finite(ys[j])) continue;
      items.push({ x: xs[j], y: ys[j], title: `${dateText(s.expiry)}, ${dayCount(s.days)}`,
        rows: [['ln(K/F)', fixed(g.log_moneyness[j], 3)], ['total variance', fixed(g.total_variance[j], 5)], ['vol', percent(g.vol[j])],
          ['least margin over the expiry before', fixed(s.health.calendar_margin, 5)]],
        warning: s.health.calendar_margin < 0 ? 'crosses the expiry before it' : null });
    }
  });
  endNames(a, names);
  readable(a, items);
  const crossed = slices.filter((s) => s.health.calendar_margin < 0).length;
  byId('legend-calendar').replaceChildren(
    html('span', { class: crossed ? 'bad' : '' }, crossed ? `${crossed} of ${quoted.length} expiries cross the one before` : 'log scale; lines must not cross, and do not'));
}

// ---- term structure and skew ----

function daysAxis() {
  const most = slices[slices.length - 1].days;
  const ticks = [1, 7, 14, 30, 60, 90, 180, 270, 365, 545, 730, 1095].filter((t) => t <= most * 1.08);
  return { domain: [0, most * 1.06], bend: 'root', ticks, texts: (list) => list.map((t) => fixed(t, 0)), name: 'days to expiry (root scale)' };
}

/** Forward variance from one expiry to the next, at the money; null where total variance falls. */
function forwardVols() {
  return slices.map((s, i) => {
    const from = i ? slices[i - 1] : { days: 0, years: 0, atm_vol: 0 };
    const variance = (s.atm_vol ** 2 * s.years - from.atm_vol ** 2 * from.years) / (s.years - from.years);
    return { from: from.days, to: s.days, vol: variance >= 0 ? Math.sqrt(variance) : NaN };
  });
}

function drawTerm() {
  const forward = forwardVols();
  const a = axes(byId('term'), tall.third, daysAxis(), { domain: extent(slices.map((s) => s.atm_vol).concat(forward.map((f) => f.vol)), 0.08), texts: percentTicks },
    `Vol at the money from ${percent(slices[0].atm_vol)} at ${dayCount(slices[0].days)} to ${percent(chosenLast().atm_vol)} at ${dayCount(chosenLast().days)}`);
  const xs = forward.flatMap((f) => [a.sx(f.from), a.sx(f.to)]);
  const ys = forward.flatMap((f) => [f.vol, f.vol].map((v) => (finite(v) ? a.sy(v) : NaN)));
  a.body.append(path(xs, ys, { class: 'line second beyond' }));
  a.body.append(path(slices.map((s) => a.sx(s.days)), slices.map((s) => a.sy(s.atm_vol)), { class: 'line' }));
  const items = slices.map((s, i) => ({ x: a.sx(s.days), y: a.sy(s.atm_vol), title: `${dateText(s.expiry)}, ${dayCount(s.days)}`,
    rows: [['vol at the money', percent(s.atm_vol)], [i ? 'forward vol from the expiry before' : 'forward vol from now', percent(forward[i].vol)], ['forward', `${grouped(s.forward, 2)} USD`],
      ['slope dσ/dk', fixed(s.atm_slope, 4)], ['curvature d²σ/dk²', fixed(s.atm_curvature, 3)]],
    warning: finite(forward[i].vol) ? null : 'total variance falls: no forward vol' }));
  for (const item of items) a.body.append(svg('circle', { class: 'mark model', cx: item.x, cy: item.y, r: 3 }));
  readable(a, items);
  legend('legend-term', ['model', 'vol at the money'], ['second', 'forward vol']);
}

const chosenLast = () => slices[slices.length - 1];

function drawSkew() {
  const rr = slices.map((s) => 100 * (s.rr25 ?? NaN));
  const bf = slices.map((s) => 100 * (s.bf25 ?? NaN));
  if (!rr.some(finite)) return message(byId('skew'), 'No expiry reaches 25 delta on both sides.');
  const a = axes(byId('skew'), tall.third, daysAxis(), { domain: extent(rr.concat(bf, [0]), 0.08) }, '25-delta risk reversal and butterfly by expiry');
  zeroLine(a);
  const xs = slices.map((s) => a.sx(s.days));
  a.body.append(path(xs, rr.map((v) => a.sy(v)), { class: 'line' }));
  a.body.append(path(xs, bf.map((v) => a.sy(v)), { class: 'line second' }));
  const items = [];
  slices.forEach((s, i) => {
    for (const [values, name] of [[rr, 'mark model'], [bf, 'mark second']]) {
      if (!finite(values[i])) continue;
      a.body.append(svg('circle', { class: name, cx: xs[i], cy: a.sy(values[i]), r: 3 }));
      items.push({ x: xs[i], y: a.sy(values[i]), title: `${dateText(s.expiry)}, ${dayCount(s.days)}`, rows: [['risk reversal', points(rr[i])], ['butterfly', points(bf[i])], ['vol at the money', percent(s.atm_vol)]] });
    }
  });
  readable(a, items);
  legend('legend-skew', ['model', 'risk reversal, call − put'], ['second', 'butterfly']);
}

// ---- history ----

const readings = [...(data.history ?? []), ...data.skew.filter((p) => !(data.history ?? []).some((h) => h.as_of === p.as_of && h.days === p.days))];

function timeTicks(low, high, count) {
  const day = 86400e3;
  const step = [1 / 24, 1 / 8, 0.25, 0.5, 1, 2, 7, 14, 30, 91, 182, 365].map((d) => d * day).find((d) => (high - low) / d <= count) ?? 730 * day;
  const ticks = [];
  for (let t = Math.ceil(low / step) * step; t <= high; t += step) ticks.push(t);
  return ticks;
}

function timeTexts(ticks) {
  const within = ticks.length > 1 && ticks[1] - ticks[0] < 86400e3;
  return ticks.map((t) => (within ? new Date(t).toISOString().slice(11, 16) : dateText(t, false)));
}

function historyNote(host, series) {
  message(host, series.length ? 'One reading so far. ' : 'No reading of this tenor. ', 'From recorded snapshots, ',
    html('code', {}, 'ballast skew --history FOLDER --series -o json > skew.json'), ' writes a history; ',
    html('code', {}, '--skew-history skew.json'), ' shows here how vol at the money, risk reversal and butterfly moved.');
}

function drawHistory() {
  const host = byId('history');
  const tenor = Number(byId('tenor').value);
  const series = readings.filter((p) => p.days === tenor).map((p) => ({ ...p, t: Date.parse(p.as_of) })).sort((p, q) => p.t - q.t);
  if (series.length < 2) return historyNote(host, series);
  host.replaceChildren(html('div'), html('div'));
  const x = (name) => {
    const domain = [series[0].t, series[series.length - 1].t];
    return { domain, ticks: timeTicks(...domain, Math.max(2, host.clientWidth / 75)), texts: timeTexts, name, room: 14 };
  };
  const top = axes(host.children[0], 104, x(''), { domain: extent(series.map((p) => p.atm_vol)), texts: percentTicks }, `Vol at the money, ${tenor} days, over time`);
  const skew = series.flatMap((p) => [100 * (p.rr25 ?? NaN), 100 * (p.bf25 ?? NaN), 0]);
  const low = axes(host.children[1], 126, x('vol at the money above; risk reversal, butterfly below, pt'), { domain: extent(skew) }, `25-delta risk reversal and butterfly, ${tenor} days, over time`);
  zeroLine(low);
  const line = (a, value, name) => a.body.append(path(series.map((p) => a.sx(p.t)), series.map((p) => (finite(value(p)) ? a.sy(value(p)) : NaN)), { class: name }));
  line(top, (p) => p.atm_vol, 'line');
  line(low, (p) => 100 * (p.rr25 ?? NaN), 'line');
  line(low, (p) => 100 * (p.bf25 ?? NaN), 'line second');
  const rows = (p) => [['vol at the money', percent(p.atm_vol)], ['risk reversal', points(100 * (p.rr25 ?? NaN))], ['butterfly', points(100 * (p.bf25 ?? NaN))]];
  for (const [a, value] of [[top, (p) => p.atm_vol], [low, (p) => 100 * (p.rr25 ?? NaN)]])
    readable(a, series.filter((p) => finite(value(p))).map((p) => ({ x: a.sx(p.t), y: a.sy(value(p)), title: `${timeText(p.as_of)}, ${tenor} d`, rows: rows(p), warning: p.extrapolated ? 'beyond the fitted expiries' : null })));
}

function fillTenors() {
  const tenors = [...new Set(readings.map((p) => p.days))].sort((p, q) => p - q);
  byId('tenor').replaceChildren(...tenors.map((days) => html('option', { value: days }, `${+days.toFixed(2)} days`)));
  byId('tenor').value = tenors.includes(30) ? 30 : tenors[0];
  byId('tenor').addEventListener('change', drawHistory);
}

// ---- the surface in three dimensions ----

const view = { turn: -0.62, tilt: 0.5, zoom: 1, drawn: [] };
const home = { ...view };

/** The grid in a unit box: across the strikes, along the root of time, up the vol. */
function surfaceModel() {
  const g = data.grid;
  const across = (i, j) => (state.axis === 'deviations' ? g.deviations[i][j] : g.log_moneyness[i][j]);
  const flat = [];
  g.vol.forEach((row, i) => row.forEach((v, j) => finite(v) && flat.push([across(i, j), v])));
  const xDomain = extent(flat.map((p) => p[0]), 0);
  const vDomain = extent(flat.map((p) => p[1]), 0);
  const root = (d) => Math.sqrt(d / g.days[g.days.length - 1]);
  const sx = scale(xDomain, [-1, 1]);
  const sv = scale(vDomain, [-0.62, 0.62]);
  const sd = (d) => 1 - 2 * root(d);
  return { g, sx, sv, sd, xDomain, vDomain, at: (i, j) => (finite(g.vol[i][j]) ? [sx(across(i, j)), sd(g.days[i]), sv(g.vol[i][j])] : null) };
}

function projection(width, height) {
  const [c, s] = [Math.cos(view.turn), Math.sin(view.turn)];
  const [ct, st] = [Math.cos(view.tilt), Math.sin(view.tilt)];
  const size = Math.min(width * 0.28, height * 0.4) * view.zoom;
  return ([x, y, z]) => {
    const across = x * c - y * s;
    const deep = x * s + y * c;
    return [width / 2 + size * across, height / 2 - size * (z * ct + deep * st) - 8, deep * ct - z * st];
  };
}

function colourOf(name) {
  tip.style.color = `var(${name})`;
  const colour = getComputedStyle(tip).color;
  tip.style.color = '';
  return colour;
}

function stroke(context, from, to) {
  context.beginPath();
  context.moveTo(from[0], from[1]);
  context.lineTo(to[0], to[1]);
  context.stroke();
}

/** The two walls that are behind, with the ticks of the axes on the edges in front. */
function drawBox(context, model, project, colours) {
  const backX = project([1, 0, 0])[2] > project([-1, 0, 0])[2] ? 1 : -1;
  const backY = project([0, 1, 0])[2] > project([0, -1, 0])[2] ? 1 : -1;
  const floor = -0.62;
  context.lineWidth = 1;
  context.strokeStyle = colours.grid;
  context.fillStyle = colours.muted;
  context.font = '11px system-ui, sans-serif';
  const name = (p, text, align) => {
    const [x, y] = project(p);
    context.textAlign = align ?? (x < project([0, 0, floor])[0] - 8 ? 'right' : 'left');
    context.fillText(text, x, y + 4);
  };
  const ticksX = linearTicks(...model.xDomain, 5);
  const textsX = plainTicks(ticksX);
  ticksX.forEach((t, i) => {
    const x = model.sx(t);
    stroke(context, project([x, -1, floor]), project([x, 1, floor]));
    stroke(context, project([x, backY, floor]), project([x, backY, 0.62]));
    name([x, -1.12 * backY, floor], textsX[i], 'center');
  });
  let lastName = [-99, -99];
  for (const d of [730, 365, 180, 90, 30, 7].filter((t) => t <= model.g.days[model.g.days.length - 1])) {
    const y = model.sd(d);
    stroke(context, project([-1, y, floor]), project([1, y, floor]));
    stroke(context, project([backX, y, floor]), project([backX, y, 0.62]));
    const at = project([-1.09 * backX, y, floor]);
    if (Math.hypot(at[0] - lastName[0], at[1] - lastName[1]) < 22) continue;
    name([-1.09 * backX, y, floor], `${d} d`);
    lastName = at;
  }
  const ticksV = linearTicks(...model.vDomain, 5);
  const textsV = percentTicks(ticksV);
  ticksV.forEach((t, i) => {
    const z = model.sv(t);
    stroke(context, project([-1, backY, z]), project([1, backY, z]));
    stroke(context, project([backX, -1, z]), project([backX, 1, z]));
    const corners = [[backX, -backY], [-backX, backY]].sort((p, q) => project([...p, z])[0] - project([...q, z])[0]);
    name([1.05 * corners[0][0], 1.05 * corners[0][1], z], textsV[i], 'right');
  });
  name([0, -1.42 * backY, floor], state.axis === 'deviations' ? 'standard deviations' : 'ln(K/F)', 'center');
}

/** Painter's order: what is behind first. */
function surfaceFaces(model, project) {
  const faces = [];
  const { g } = model;
  for (let i = 0; i + 1 < g.days.length; ++i) {
    for (let j = 0; j + 1 < g.vol[i].length; ++j) {
      const corners = [model.at(i, j), model.at(i, j + 1), model.at(i + 1, j + 1), model.at(i + 1, j)];
      if (corners.some((corner) => corner === null)) continue;
      const seen = corners.map(project);
      faces.push({ seen, depth: seen.reduce((sum, p) => sum + p[2], 0), vol: (g.vol[i][j] + g.vol[i + 1][j + 1]) / 2 });
    }
  }
  return faces.sort((p, q) => q.depth - p.depth);
}

function drawFaces(context, model, faces) {
  const shade = scale(model.vDomain, [0, 1], 'log');
  for (const face of faces) {
    context.beginPath();
    face.seen.forEach(([x, y], n) => (n ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.fillStyle = context.strokeStyle = blend(viridis, shade(face.vol));
    context.lineWidth = 0.6;
    context.fill();
    context.stroke();
  }
}

/** The fitted expiries as lines on the surface, the chosen one thick. */
function drawExpiryLines(context, model, project) {
  for (const s of slices) {
    const i = model.g.days.findIndex((d) => Math.abs(d - s.days) < 1e-5 * s.days);
    if (i < 0) continue;
    context.strokeStyle = s === chosen() ? 'rgb(255 255 255)' : 'rgb(255 255 255 / 0.42)';
    context.lineWidth = s === chosen() ? 2.2 : 0.9;
    context.beginPath();
    let pen = false;
    for (let j = 0; j < model.g.vol[i].length; ++j) {
      const p = model.at(i, j);
      if (p) {
        const [x, y] = project(p);
        pen ? context.lineTo(x, y) : context.moveTo(x, y);
      }
      pen = p !== null;
    }
    context.stroke();
  }
}

function drawSurface() {
  const canvas = byId('surface');
  const { clientWidth: width, clientHeight: height } = canvas;
  const dots = devicePixelRatio || 1;
  canvas.width = width * dots;
  canvas.height = height * dots;
  canvas.setAttribute('aria-label', `Surface of vol over strike and time, ${percent(Math.min(...slices.map((s) => s.atm_vol)))} to ${percent(Math.max(...slices.map((s) => s.atm_vol)))} at the money`);
  const context = canvas.getContext('2d');
  context.scale(dots, dots);
  const colours = { grid: colourOf('--rule'), muted: colourOf('--muted') };
  if (data.grid.days.length < 2) {
    context.font = '13px system-ui, sans-serif';
    context.textAlign = 'center';
    context.fillStyle = colours.muted;
    context.fillText('One expiry is a line, not a surface.', width / 2, height / 2);
    return;
  }
  const model = surfaceModel();
  const project = projection(width, height);
  drawBox(context, model, project, colours);
  drawFaces(context, model, surfaceFaces(model, project));
  drawExpiryLines(context, model, project);
  view.drawn = [];
  model.g.vol.forEach((row, i) => row.forEach((v, j) => {
    const p = model.at(i, j);
    if (p) view.drawn.push({ at: project(p), i, j });
  }));
}

function pointAtSurface(event) {
  const rect = byId('surface').getBoundingClientRect();
  const [px, py] = [event.clientX - rect.left, event.clientY - rect.top];
  const near = view.drawn.map((p) => ({ ...p, gap: Math.hypot(p.at[0] - px, p.at[1] - py) })).filter((p) => p.gap < 14);
  near.sort((p, q) => p.at[2] - q.at[2] || p.gap - q.gap);
  const front = near.filter((p) => p.at[2] < (near[0]?.at[2] ?? 0) + 0.25).sort((p, q) => p.gap - q.gap)[0];
  if (!front) return hideTip();
  const g = data.grid;
  const k = g.log_moneyness[front.i][front.j];
  showTip(event.clientX, event.clientY, `${dayCount(g.days[front.i])} to expiry`, [['vol', percent(g.vol[front.i][front.j])], ['ln(K/F)', fixed(k, 3)], ['K/F', percent(Math.exp(k), 1)], ['standard deviations', fixed(g.deviations[front.i][front.j], 2)]]);
}

function steerSurface() {
  const canvas = byId('surface');
  let from = null;
  canvas.addEventListener('pointerdown', (event) => {
    from = [event.clientX, event.clientY];
    canvas.setPointerCapture(event.pointerId);
    hideTip();
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!from) return pointAtSurface(event);
    turnSurface((event.clientX - from[0]) * 0.009, (event.clientY - from[1]) * 0.007);
    from = [event.clientX, event.clientY];
  });
  for (const end of ['pointerup', 'pointercancel']) canvas.addEventListener(end, () => (from = null));
  canvas.addEventListener('pointerleave', hideTip);
  canvas.addEventListener('dblclick', resetSurface);
  canvas.addEventListener('keydown', (event) => {
    const turns = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.08], ArrowDown: [0, 0.08] }[event.key];
    const zooms = { '+': 1.1, '=': 1.1, '-': 1 / 1.1 }[event.key];
    if (!turns && !zooms && event.key !== '0') return;
    event.preventDefault();
    if (turns) turnSurface(...turns);
    if (zooms) view.zoom = Math.min(Math.max(view.zoom * zooms, 0.6), 2.5);
    if (event.key === '0') return resetSurface();
    drawSurface();
  });
}

function turnSurface(turn, tilt) {
  view.turn -= turn;
  view.tilt = Math.min(Math.max(view.tilt + tilt, 0.05), 1.45);
  drawSurface();
}

function resetSurface() {
  Object.assign(view, home);
  drawSurface();
}

// ---- header, tiles, tables ----

function drawHeader() {
  const name = data.underlying || data.index;
  byId('title').textContent = `${name} volatility surface`;
  const index = finite(data.index_price) ? `${data.index} ${grouped(data.index_price, 2)} USD` : data.index;
  byId('subtitle').textContent = `${timeText(data.as_of)} · ${index} · model ${data.model}, fitted to ${data.target} vols, weight ${data.weight}`;
  byId('footer').textContent = `Written by ballast surface. Vols are annual (ACT/365), strikes and forwards in USD per coin, K/F against the forward of the expiry, ` +
    `25Δ by ${data.delta_convention} delta; a vol point (pt) is 0.01 of vol. Arithmetic: ${data.arithmetic}. This file holds everything it shows and reaches for nothing else.`;
}

function tile(name, value, more, mood = '') {
  return html('div', { class: 'tile', role: 'listitem' }, html('div', { class: 'name' }, name), html('div', { class: `value ${mood}`.trim() }, value), html('div', { class: 'more' }, more));
}

function verdict() {
  const wings = slices.filter((s) => s.health.least_butterfly < 0).length;
  const calendar = slices.filter((s) => s.health.calendar_margin < 0).length;
  const found = [wings && `butterfly in ${wings}`, calendar && `calendar in ${calendar}`].filter(Boolean).join(', ');
  const warned = slices.filter((s) => s.warnings.length).length;
  const one = tile('Verdict', found ? `Arbitrage: ${found}` : 'No static arbitrage found', warned ? `${warned} of ${slices.length} expiries carry a warning: see the slices` : 'no warning', found ? 'bad' : 'good');
  one.classList.add('verdict');
  return one;
}

function drawTiles() {
  const quotes = slices.reduce((n, s) => n + s.quotes.length, 0);
  const square = slices.reduce((sum, s) => sum + s.quotes.reduce((t, q) => t + q.residual_points ** 2, 0), 0);
  const worst = slices.reduce((w, s) => (s.health.worst_points > w.health.worst_points ? s : w));
  const sided = slices.flatMap((s) => s.quotes).filter((q) => finite(q.bid_vol) && finite(q.ask_vol));
  const within = sided.filter(insideSpread).length;
  const wing = slices.reduce((w, s) => (s.health.least_butterfly < w.health.least_butterfly ? s : w));
  const margin = slices.reduce((w, s) => (s.health.calendar_margin < w.health.calendar_margin ? s : w));
  byId('tiles').replaceChildren(
    verdict(),
    tile('Expiries', String(slices.length), `${dayCount(slices[0].days)} to ${dayCount(chosenLast().days)}`),
    tile('Quotes', grouped(quotes, 0), `${grouped(data.dropped.length, 0)} set aside`),
    tile('Fit error, rms', `${fixed(Math.sqrt(square / quotes), 3)} pt`, `worst ${fixed(worst.health.worst_points, 2)} pt, ${dateText(worst.expiry, false)}`),
    tile('Within bid-ask', sided.length ? percent(within / sided.length, 1) : none, `${within} of ${sided.length} two-sided`, sided.length && within / sided.length < 0.5 ? 'warn' : ''),
    tile('Least g(k)', fixed(wing.health.least_butterfly, 4), dateText(wing.expiry, false), wing.health.least_butterfly < 0 ? 'bad' : ''),
    tile('Least calendar margin', fixed(margin.health.calendar_margin, 5), `σ²T, ${dateText(margin.expiry, false)}`, margin.health.calendar_margin < 0 ? 'bad' : ''));
}

function moodOf(s) {
  if (s.health.least_butterfly < 0 || s.health.calendar_margin < 0) return 'bad';
  return s.warnings.length ? 'warn' : '';
}

function drawExpiries() {
  const host = byId('expiries');
  host.replaceChildren(...slices.map((s, i) => {
    const button = html('button', { type: 'button', role: 'radio', 'aria-checked': i === state.at, tabindex: i === state.at ? 0 : -1, title: s.warnings.join('; ') },
      shortDate(s.expiry), html('span', { class: 'days' }, dayCount(s.days)), moodOf(s) ? html('span', { class: `flag ${moodOf(s)}` }, '!') : null);
    button.addEventListener('click', () => choose(i, 'expiries'));
    return button;
  }));
}

function expiryKeys(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  choose((state.at + step + slices.length) % slices.length, 'expiries');
}

/** Columns are [name, unit, cell, class]. */
function table(columns, rows, classOf = () => '') {
  const head = html('tr', {}, ...columns.map(([name, unit, , kind]) => html('th', { scope: 'col', class: kind ?? '' }, name, html('small', {}, unit || '\u00a0'))));
  const body = rows.map((row, i) => html('tr', { class: classOf(row, i) }, ...columns.map(([, , cell, kind, mood]) => html('td', { class: `${kind ?? ''} ${mood?.(row) ?? ''}`.trim() }, cell(row, i)))));
  return html('table', {}, html('thead', {}, head), html('tbody', {}, ...body));
}

function expiryButton(s, i) {
  const button = html('button', { type: 'button' }, dateText(s.expiry));
  button.addEventListener('click', () => choose(i, 'slices'));
  return button;
}

function drawSlices() {
  const numbers = [...new Set(slices.flatMap((s) => Object.keys(s.parameters)))];
  const columns = [
    ['expiry', '', expiryButton, 'text'],
    ['days', '', (s) => fixed(s.days, 2)],
    ['health', '', (s) => (s.warnings.length ? s.warnings.join('; ') : 'ok'), 'words', (s) => moodOf(s) || 'good'],
    ['forward', 'USD', (s) => grouped(s.forward, 2)],
    ['quotes', '', (s) => String(s.health.quotes)],
    ['aside', '', (s) => String(s.health.dropped)],
    ['atm vol', '', (s) => percent(s.atm_vol)],
    ['slope', 'dσ/dk', (s) => fixed(s.atm_slope, 3)],
    ['curvature', 'd²σ/dk²', (s) => fixed(s.atm_curvature, 2)],
    ['RR 25Δ', 'pt', (s) => fixed(100 * (s.rr25 ?? NaN), 2)],
    ['BF 25Δ', 'pt', (s) => fixed(100 * (s.bf25 ?? NaN), 2)],
    ['rms', 'pt', (s) => fixed(s.health.rmse_points, 3)],
    ['worst', 'pt', (s) => fixed(s.health.worst_points, 2)],
    ['in bid-ask', '', (s) => percent(s.health.within_spread, 0), '', (s) => (s.health.within_spread < 0.5 ? 'warn' : '')],
    ['least g', '', (s) => fixed(s.health.least_butterfly, 3), '', (s) => (s.health.least_butterfly < 0 ? 'bad' : '')],
    ['margin', 'σ²T', (s) => fixed(s.health.calendar_margin, 5), '', (s) => (s.health.calendar_margin < 0 ? 'bad' : '')],
    ...numbers.map((name) => [name, slices[0].form, (s) => (finite(s.parameters[name]) ? String(+s.parameters[name].toPrecision(4)).replaceAll('-', '−') : none), 'parameter']),
    ['steps', '', (s) => String(s.health.iterations)],
  ];
  byId('slices').replaceChildren(table(columns, slices, (s) => (s === chosen() ? 'chosen' : '')));
}

function drawQuotes() {
  const s = chosen();
  byId('h-quotes').textContent = `Quotes of ${dateText(s.expiry)} (${s.quotes.length})`;
  const columns = [
    ['instrument', '', (q) => q.instrument, 'text'],
    ['strike', 'USD', (q) => grouped(q.strike, q.strike < 10 ? 4 : 0)],
    ['ln(K/F)', '', (q) => fixed(q.log_moneyness, 4)],
    ['bid', 'vol', (q) => percent(q.bid_vol)],
    [data.target, 'vol', (q) => percent(q.vol)],
    ['ask', 'vol', (q) => percent(q.ask_vol)],
    ['model', 'vol', (q) => percent(q.model_vol)],
    ['model − quote', 'pt', (q) => fixed(q.residual_points, 3), '', (q) => (insideSpread(q) ? '' : 'bad')],
    ['weight', '', (q) => fixed(q.weight, 3)],
  ];
  byId('quotes').replaceChildren(table(columns, s.quotes));
}

function drawDropped() {
  byId('h-dropped').textContent = `Set aside (${data.dropped.length})`;
  const columns = [
    ['instrument or expiry', '', (d) => d.instrument, 'text'],
    ['expiry', '', (d) => (d.expiry ? dateText(d.expiry) : none), 'text'],
    ['vol', '', (d) => percent(d.vol)],
    ['bid', 'vol', (d) => percent(d.bid_vol)],
    ['ask', 'vol', (d) => percent(d.ask_vol)],
    ['reason', '', (d) => d.reason, 'text'],
    ['detail', '', (d) => d.detail, 'words'],
  ];
  byId('dropped').replaceChildren(data.dropped.length ? table(columns, data.dropped) : html('p', { class: 'muted' }, 'Nothing was set aside.'));
}

// ---- everything together ----

function drawExpiryPanels() {
  const sources = { mark: 'mark vol', mid: 'mid vol' };
  legend('legend-smile', ['model', 'model'], ['beyond', 'beyond the quotes'], ['mark', sources[data.target] ?? data.target], ['spread', 'bid – ask'], ['aside', 'set aside']);
  legend('legend-residual', ['mark', 'model less quote'], ['out', 'outside the bid-ask'], ['spread', 'bid and ask less quote']);
  legend('legend-density', ['model', 'model'], ['faint', 'lognormal at the atm vol']);
  byId('h-smile').textContent = `Smile, ${dateText(chosen().expiry)}, ${dayCount(chosen().days)}, forward ${grouped(chosen().forward, 2)} USD`;
  drawSmile();
  drawResidual();
  drawDensity();
  drawButterfly();
}

function drawAll() {
  hideTip();
  drawExpiries();
  drawExpiryPanels();
  drawMultiples();
  drawSurface();
  drawCalendar();
  drawTerm();
  drawSkew();
  drawHistory();
  drawSlices();
  drawQuotes();
}

/** Shows another expiry. The button that asked for it was drawn anew: its successor in `host` gets the focus back. */
function choose(i, host) {
  state.at = i;
  drawAll();
  byId(host).querySelectorAll('button')[i].focus({ preventScroll: true });
}

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  drawSurface();
}

function listen() {
  byId('axis').addEventListener('change', (event) => {
    state.axis = event.target.value;
    drawAll();
  });
  byId('theme').addEventListener('change', (event) => setTheme(event.target.value));
  byId('expiries').addEventListener('keydown', expiryKeys);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawSurface);
  addEventListener('scroll', hideTip, { passive: true });
  addEventListener('beforeprint', () => {
    document.querySelectorAll('details').forEach((d) => (d.open = true));
    setTheme('light');
  });
  addEventListener('afterprint', () => setTheme(byId('theme').value));
  let width = 0;
  new ResizeObserver(() => {
    if (document.body.clientWidth === width) return;
    width = document.body.clientWidth;
    requestAnimationFrame(drawAll);
  }).observe(document.body);
}

drawHeader();
drawTiles();
drawDropped();
fillTenors();
steerSurface();
listen();
