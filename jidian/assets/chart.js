// Draws each chart from its own data table, so picture and table can't differ.

/* global uPlot */

const charts = new WeakMap();
const ZONE = "Asia/Shanghai";
const HEIGHT = 170;

/** Draws all charts of the page that have changed. */
export function drawAll() {
  for (const figure of document.querySelectorAll("figure[data-chart]")) draw(figure);
}

/** Draws all of them anew: the colours have changed. */
export function redrawAll() {
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    drop(figure);
    draw(figure);
  }
}

function drop(figure) {
  const known = charts.get(figure);
  if (!known) return;
  known.size.disconnect();
  known.plot.destroy();
  charts.delete(figure);
}

function draw(figure) {
  const place = figure.querySelector(".plot");
  const table = figure.querySelector("table");
  if (!place || !table || typeof uPlot === "undefined") return;
  const data = read(table);
  const stamp = JSON.stringify([data.columns, figure.dataset.now ?? ""]);
  const heads = data.heads.map((head) => head.code).join();
  const known = charts.get(figure);
  if (known?.stamp === stamp) return;
  if (known?.heads === heads && known.place === place) {
    known.stamp = stamp;
    known.plot.setData(data.columns);
    return;
  }
  drop(figure);
  place.replaceChildren();
  const plot = new uPlot(options(figure, place, data.heads), data.columns, place);
  const size = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT }));
  size.observe(place);
  charts.set(figure, { plot, size, stamp, heads, place });
}

/** Columns of numbers out of a table: seconds first, then one column for each line. */
function read(table) {
  const heads = [...table.querySelectorAll("th[data-code]")]
    .map((head) => ({ name: head.textContent, code: head.dataset.code }));
  const columns = [[], ...heads.map(() => [])];
  for (const row of table.tBodies[0].rows) {
    columns[0].push(Date.parse(row.querySelector("time").dateTime) / 1000);
    row.querySelectorAll("data").forEach((cell, index) => columns[index + 1].push(Number(cell.value)));
  }
  return { heads, columns };
}

function options(figure, place, heads) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const step = "step" in figure.dataset;
  const font = `12px ${style.fontFamily || "sans-serif"}`;
  const axis = { stroke: colour("--quiet"), font, grid: { stroke: colour("--rule"), width: 1 }, ticks: { show: false } };
  const line = ({ name, code }, index) => ({
    label: name,
    stroke: lineColour(place, code),
    width: index === 0 ? 2 : 1.25,
    fill: index === 0 ? colour("--wash") : undefined,
    points: { show: false },
    paths: step ? uPlot.paths.stepped({ align: 1 }) : undefined,
    value: (_, value) => (value == null ? "–" : value.toFixed(step ? 4 : 3)),
  });
  return {
    width: place.clientWidth,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), ZONE),
    cursor: { y: false },
    legend: { live: true },
    scales: { y: { range: (_, low, high) => range(low, high) } },
    axes: [
      { ...axis, space: 60, size: 30, values: (_, ticks) => ticks.map(clock) },
      { ...axis, size: 52, space: 34 },
    ],
    series: [{ label: figure.querySelector("th").textContent, value: (_, seconds) => (seconds == null ? "–" : clock(seconds)) }, ...heads.map(line)],
    hooks: { drawClear: [(plot) => markNow(plot, figure, colour("--quiet"))] },
  };
}

function range(low, high) {
  const bottom = Math.min(0, low ?? 0);
  const top = Math.max(0, high ?? 1);
  return [bottom * 1.08, top === bottom ? 1 : top * 1.08];
}

const format = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hour: "2-digit", minute: "2-digit" });
const clock = (seconds) => format.format(new Date(seconds * 1000));

/** A line where the simulated present is. */
function markNow(plot, figure, colour) {
  const now = Date.parse(figure.dataset.now ?? "") / 1000;
  if (!(now >= plot.scales.x.min && now <= plot.scales.x.max)) return;
  const { ctx, bbox } = plot;
  const x = Math.round(plot.valToPos(now, "x", true));
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.setLineDash([4, 4]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

/** The colour that the style sheet gives to a code. */
function lineColour(place, code) {
  const probe = document.createElement("span");
  probe.className = `dot c-${code}`;
  place.append(probe);
  const colour = getComputedStyle(probe).backgroundColor;
  probe.remove();
  return colour;
}
