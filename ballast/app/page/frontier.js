'use strict';
// The page of a hedge frontier. It reads the JSON beside it (docs/hedge-json.md) and draws one SVG; nothing is loaded,
// nothing is sent. Text from the data only ever becomes textContent.

const data = JSON.parse(document.getElementById('data').textContent);
// What a hedge costs with the penalties of the goals it leaves: a plan that gives up a goal is not cheap.
const paid = (p) => p.cost_usd + p.penalties_usd;
const points = data.points;
const byId = (id) => document.getElementById(id);
const namespace = byId('namespace').namespaceURI;

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
const html = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(namespace, tag), attributes, children);

const usd = (x, digits = 2) =>
  x.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const small = (x) => (x === 0 ? '0' : x.toExponential(2));

/** Round steps, at most `most` of them, that cover low to high. */
function ticks(low, high, most) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= rough);
  const list = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k) list.push(k * step + 0);  // no -0
  return list;
}

const stable = { at: Math.floor(points.length / 2), dots: [], rows: [] };

function span(values) {
  const low = Math.min(...values), high = Math.max(...values);
  const room = high > low ? 0.06 * (high - low) : Math.max(Math.abs(high), 1);
  return [low - room, high + room];
}

function draw() {
  const width = Math.max(300, byId('curve').clientWidth), height = Math.max(260, Math.min(460, 0.6 * width));
  const left = 66, right = 14, top = 12, bottom = 42;
  const own = data.chosen;
  const [x0, x1] = span([...points, own].map((p) => p.risk_usd)), [y0, y1] = span([...points, own].map(paid));
  const x = (v) => left + ((v - x0) / (x1 - x0)) * (width - left - right);
  const y = (v) => height - bottom - ((v - y0) / (y1 - y0)) * (height - top - bottom);
  const root = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', tabindex: 0,
    'aria-label': 'cost in USD against residual risk in USD; arrow keys move along the points' });
  for (const v of ticks(x0, x1, Math.max(3, Math.floor(width / 110)))) {
    root.append(svg('line', { class: 'grid', x1: x(v), x2: x(v), y1: top, y2: height - bottom }));
    root.append(svg('text', { x: x(v), y: height - bottom + 16, 'text-anchor': 'middle' }, usd(v, 0)));
  }
  const costs = ticks(y0, y1, 6), digits = costs.length > 1 && costs[1] - costs[0] < 1 ? 2 : 0;
  for (const v of costs) {
    root.append(svg('line', { class: 'grid', x1: left, x2: width - right, y1: y(v), y2: y(v) }));
    root.append(svg('text', { x: left - 8, y: y(v) + 4, 'text-anchor': 'end' }, usd(v, digits)));
  }
  root.append(svg('path', { class: 'axis', fill: 'none',
    d: `M${left} ${top}V${height - bottom}H${width - right}` }));
  root.append(svg('text', { x: (left + width - right) / 2, y: height - 6, 'text-anchor': 'middle' },
    'residual risk, USD'));
  root.append(svg('text', { x: 14, y: (top + height - bottom) / 2, 'text-anchor': 'middle',
    transform: `rotate(-90 14 ${(top + height - bottom) / 2})` }, 'cost and penalties, USD'));
  root.append(svg('path', { class: 'line', d: points.map((p, i) => `${i ? 'L' : 'M'}${x(p.risk_usd)} ${y(paid(p))}`).join('') }));
  // The problem's own plan: where the user stands on the curve.
  const rightHalf = x(own.risk_usd) > width / 2;
  root.append(svg('circle', { class: 'own', cx: x(own.risk_usd), cy: y(paid(own)), r: 9 }));
  root.append(svg('text', { class: 'own-words', x: x(own.risk_usd) + (rightHalf ? -13 : 13), y: y(paid(own)) - 15,
    'text-anchor': rightHalf ? 'end' : 'start' }, 'as asked'));
  stable.dots = points.map((p) => svg('circle', { class: 'dot', cx: x(p.risk_usd), cy: y(paid(p)), r: 4 }));
  root.append(...stable.dots);
  const nearest = (event) => {
    const box = root.getBoundingClientRect(), scale = width / box.width;
    const px = (event.clientX - box.left) * scale, py = (event.clientY - box.top) * scale;
    const far = points.map((p) => Math.hypot(x(p.risk_usd) - px, y(paid(p)) - py));
    choose(far.indexOf(Math.min(...far)));
  };
  root.addEventListener('pointermove', nearest);
  root.addEventListener('pointerdown', nearest);
  root.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: 1, ArrowRight: -1, ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    choose(Math.min(Math.max(stable.at + step, 0), points.length - 1));
  });
  byId('curve').replaceChildren(root);
  choose(stable.at);
}

function choose(at) {
  stable.at = at;
  const p = points[at];
  stable.dots.forEach((dot, i) => {
    dot.classList.toggle('at', i === at);
    dot.setAttribute('r', i === at ? 6 : 4);
  });
  stable.rows.forEach((row, i) => row.classList.toggle('at', i === at));
  byId('h-point').textContent = `Point ${at + 1} of ${points.length}`;
  const less = data.risk_before_usd > 0 ? 100 * (1 - p.risk_usd / data.risk_before_usd) : 0;
  const figures = [['residual risk', `${usd(p.risk_usd)} USD`], ['cost', `${usd(p.cost_usd)} USD`],
    ['penalties', `${usd(p.penalties_usd)} USD`], ['risk taken away', `${less.toFixed(1)} %`], ['residual delta', `${p.delta.toFixed(4)} ${data.underlying}`],
    ['aversion', `${small(p.aversion)} / USD`], ['proved', p.proved ? 'within the gap' : 'no: the search ended before']];
  byId('figures').replaceChildren(...figures.flatMap(([name, value]) => [html('dt', {}, name), html('dd', {}, value)]));
  byId('legs').replaceChildren(...(p.words.length ? p.words : ['no trade']).map((words) => html('li', {}, words)));
}

function table() {
  const head = html('tr', {}, ...['', 'risk, USD', 'cost, USD', 'penalties, USD', 'legs', 'aversion', 'trade'].map((t) => html('th', { scope: 'col' }, t)));
  stable.rows = points.map((p, i) => {
    const cells = [i + 1, usd(p.risk_usd), usd(p.cost_usd), usd(p.penalties_usd), p.words.length, small(p.aversion), p.words.join('; ') || 'none'];
    const row = html('tr', {}, ...cells.map((c) => html('td', {}, String(c))));
    row.addEventListener('click', () => choose(i));
    return row;
  });
  byId('table').replaceChildren(html('table', {}, html('thead', {}, head), html('tbody', {}, ...stable.rows)));
}

byId('title').textContent = `${data.underlying} hedge frontier`;
byId('subtitle').textContent = `${data.as_of.replace('T', ' ')} · ${data.numeraire}-neutral · quality ${data.quality} · ` +
  `risk today ${usd(data.risk_before_usd)} USD`;
if (data.reasons.length) {
  byId('warning').textContent = data.reasons.join(' · ');
  byId('warning').hidden = false;
}
table();
draw();
addEventListener('resize', draw);
