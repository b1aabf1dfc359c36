// Charts: one registry, so that a change of theme, width or of the allocators shown redraws them all.

const charts = new Map(); // by id
const fit = (box) => {
  const chart = charts.get(box.id)?.chart;
  if (chart && (chart.getWidth() !== box.clientWidth || chart.getHeight() !== box.clientHeight)) chart.resize();
};
const sizes = new ResizeObserver((list) => list.forEach(({ target }) => fit(target)));
const hidden = new Set(subjects.map((_, i) => i).filter((i) => tuned && !contenders.includes(i))); // besides, those that the reader switches off

function palette() {
  return { ink: cssValue("--ink"), quiet: cssValue("--quiet"), line: cssValue("--line"), ground: cssValue("--ground"), raised: cssValue("--raised") };
}

const base = (label) => {
  const p = palette();
  return {
    animation: false,
    textStyle: { color: p.ink, fontFamily: "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif" },
    aria: { enabled: true, label: { description: label }, decal: { show: false } },
    grid: { left: 70, right: 150, top: 16, bottom: 60 },
  };
};

function axis(kind, name, more) {
  const p = palette();
  return {
    type: kind, name, nameLocation: "middle", nameGap: 34, nameTextStyle: { color: p.quiet },
    axisLine: { show: true, lineStyle: { color: p.quiet } }, axisTick: { lineStyle: { color: p.quiet } },
    axisLabel: { color: p.ink, hideOverlap: true }, splitLine: { lineStyle: { color: p.line } },
    minorSplitLine: { show: false }, ...more,
  };
}

// `rows` of a tooltip: [subject or null, text]; as elements, for names are not HTML.
function tip(title, rows) {
  return el("div", {}, el("strong", {}, title), rows.map(([i, text]) =>
    el("div", {}, i === null ? null : el("span", {}, swatch(i), `${subjects[i].name}: `), text)));
}

const tooltip = (more) => {
  const p = palette();
  return { confine: true, backgroundColor: p.raised, borderColor: p.line, textStyle: { color: p.ink, fontSize: 12 }, ...more };
};

// A line over [x, y, ..] pairs, named at its end.
function lineOf(i, points, more) {
  const p = palette();
  return {
    type: "line", name: subjects[i].name, id: `s${i}`, data: points, showSymbol: false, symbol: looks[i].symbol, symbolSize: 7,
    itemStyle: { color: colourOf(i) }, lineStyle: { color: colourOf(i), width: 2, type: looks[i].dash },
    endLabel: { show: true, formatter: () => subjects[i].name, color: p.ink, fontSize: 12, distance: 6, width: 120, overflow: "truncate" },
    labelLayout: { moveOverlap: "shiftY" }, emphasis: { focus: "series" }, ...more,
  };
}

const zoom = () => {
  const p = palette();
  return [
    { type: "inside", zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false, filterMode: "none" },
    { type: "slider", show: !printing, height: 18, bottom: 4, filterMode: "none", borderColor: p.line, textStyle: { color: p.ink }, brushSelect: false, showDetail: false },
  ];
};

// Keys for what the mouse does: + and - zoom, arrows move, 0 shows all.
function zoomByKey(chart, event) {
  const now = chart.getOption().dataZoom;
  if (!now || !now.length) return;
  let { start, end } = now[0];
  const width = end - start;
  if (event.key === "+" || event.key === "=") { start += width / 4; end -= width / 4; }
  else if (event.key === "-") { start = Math.max(0, start - width / 2); end = Math.min(100, end + width / 2); }
  else if (event.key === "ArrowRight") { const by = Math.min(width / 4, 100 - end); start += by; end += by; }
  else if (event.key === "ArrowLeft") { const by = Math.min(width / 4, start); start -= by; end -= by; }
  else if (event.key === "0") { start = 0; end = 100; }
  else return;
  event.preventDefault();
  chart.dispatchAction({ type: "dataZoom", dataZoomIndex: 0, start, end });
  chart.dispatchAction({ type: "dataZoom", dataZoomIndex: 1, start, end });
}

// Draws into the element `id`, once it is near what the reader sees; `make` gives the option each time, so that
// it sees the present choices.
function draw(id, make) {
  const box = $(id);
  if (!charts.has(id)) charts.set(id, { box });
  charts.get(id).make = make;
  if (charts.get(id).chart || isNear(box)) show(charts.get(id));
  else near.observe(box);
}

const reach = 400; // pixels beyond the window in which a chart counts as near

// An observer speaks only with the next frame, which a picture taken by a headless browser does not wait for.
function isNear(box) {
  const { top, bottom, width } = box.getBoundingClientRect();
  return width > 0 && top < innerHeight + reach && bottom > -reach;
}

const near = new IntersectionObserver((list) => list.filter((e) => e.isIntersecting && charts.has(e.target.id)).forEach((e) => show(charts.get(e.target.id))),
  { rootMargin: `${reach}px` });

function show(entry) {
  const { box, make } = entry;
  if (!entry.chart) {
    entry.chart = echarts.init(box, null, { renderer: "svg" });
    near.unobserve(box);
    sizes.observe(box);
    box.tabIndex = 0;
    box.setAttribute("role", "img");
    box.addEventListener("keydown", (event) => entry.chart.isDisposed() || zoomByKey(entry.chart, event));
  }
  fit(box);
  entry.chart.setOption(make(), { notMerge: true });
}

function redrawAll() {
  for (const entry of charts.values()) if (entry.chart) show(entry);
}

// Paper has all of them.
function drawAll() {
  for (const entry of charts.values()) show(entry);
}

function dropChart(id) {
  const entry = charts.get(id);
  if (entry && entry.chart) {
    sizes.unobserve(entry.box);
    entry.chart.dispose();
  }
  charts.delete(id);
}

// Boxes that switch allocators on and off, in all charts alike.
function addSwitches(chartId) {
  const row = el("div", { class: "tools switches", role: "group", "aria-label": "Allocators shown" }, contenders.map((i) => {
    const box = el("input", { type: "checkbox", "data-subject": i, checked: !hidden.has(i) });
    box.addEventListener("change", () => {
      if (box.checked) hidden.delete(i); else hidden.add(i);
      document.querySelectorAll(`.switches input[data-subject="${i}"]`).forEach((b) => { b.checked = box.checked; });
      redrawAll();
    });
    return el("label", {}, box, " ", nameOf(i));
  }));
  $(chartId).before(row);
}

const shown = () => contenders.filter((i) => !hidden.has(i));
