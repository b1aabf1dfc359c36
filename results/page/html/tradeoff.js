// Speed against memory; the front was found where the numbers were made.

let tradeoffCell = -1; // all cells

function pointOf(i) {
  if (tradeoffCell < 0) {
    if (i === baseline) return { speed: { ratio: 1 }, memory: { ratio: 1 } };
    return means[i] && { speed: means[i].throughput_calls_per_s, memory: means[i].peak_rss_bytes };
  }
  const e = entries[tradeoffCell][i];
  if (i === baseline) return e.ok ? { speed: { ratio: 1 }, memory: { ratio: 1 } } : null;
  return { speed: e.throughput_calls_per_s, memory: e.peak_rss_bytes };
}

const points = () => contenders.map((i) => [i, pointOf(i)]).filter(([, p]) => p && p.speed.ratio && p.memory.ratio);
const onFront = (i) => (tradeoffCell < 0 ? data.front[i] : data.fronts[tradeoffCell][i]);

function tradeoffOption() {
  const p = palette();
  const all = points().filter(([i]) => !hidden.has(i));
  const bar = (i, from, to) => ({
    type: "line", data: [from, to], symbol: "none", silent: true, lineStyle: { color: colourOf(i), width: 1.5 }, tooltip: { show: false },
  });
  const series = all.flatMap(([i, q]) => [
    ...(q.speed.low ? [bar(i, [q.memory.ratio, q.speed.low], [q.memory.ratio, q.speed.high]), bar(i, [q.memory.low, q.speed.ratio], [q.memory.high, q.speed.ratio])] : []),
    {
      type: "scatter", name: subjects[i].name, data: [[q.memory.ratio, q.speed.ratio]], symbol: looks[i].symbol, symbolSize: 15, itemStyle: { color: colourOf(i) },
      label: { show: true, formatter: () => subjects[i].name, position: [17, -9], color: p.ink, fontSize: 13, textBorderColor: p.ground, textBorderWidth: 3, width: 130, overflow: "truncate" },
      labelLayout: { moveOverlap: "shiftY" }, z: 5,
    },
  ]);
  const front = all.filter(([i]) => onFront(i)).sort((a, b) => a[1].memory.ratio - b[1].memory.ratio);
  series.unshift({
    type: "line", name: "Pareto front", data: front.map(([, q]) => [q.memory.ratio, q.speed.ratio]), step: "end", symbol: "none", silent: true,
    lineStyle: { color: p.quiet, type: [4, 4], width: 1.5 }, z: 1,
  });
  return {
    ...base("Speed against memory of each allocator, as ratios to the baseline"),
    grid: { left: 70, right: 150, top: 16, bottom: 60 },
    tooltip: tooltip({ trigger: "item", formatter: (at) => {
      const i = subjects.findIndex((s) => s.name === at.seriesName), q = pointOf(i);
      return tip(at.seriesName, [[null, `speed ${number(q.speed.ratio)} ${q.speed.low ? range({ ...q.speed, blocks: 2 }) : ""}`],
        [null, `memory ${number(q.memory.ratio)} ${q.memory.low ? range({ ...q.memory, blocks: 2 }) : ""}`]]);
    } }),
    xAxis: ratioAxis(all, "memory", `peak resident memory, times ${subjects[baseline].name} (left is leaner)`, 34),
    yAxis: ratioAxis(all, "speed", `throughput, times ${subjects[baseline].name} (up is faster)`, 48),
    series,
  };
}

// The axis holds all intervals, with some room; logarithmic where they are far apart.
function ratioAxis(all, what, name, nameGap) {
  const values = all.flatMap(([, q]) => [q[what].ratio, q[what].low, q[what].high]).filter((v) => v > 0);
  const least = Math.min(...values, 1), most = Math.max(...values, 1);
  const label = { color: palette().ink, formatter: tick, hideOverlap: true };
  if (most / least > 5) return axis("log", name, { logBase: 2, nameGap, min: least / 1.2, max: most * 1.2, axisLabel: { ...label, showMinLabel: false, showMaxLabel: false } });
  return axis("value", name, { nameGap, scale: true, boundaryGap: ["5%", "5%"], axisLabel: label });
}

function fillTradeoff() {
  const all = points();
  const front = all.filter(([i]) => onFront(i)).map(([i]) => subjects[i].name);
  $("tradeoff-note").textContent = `${tradeoffCell < 0 ? `Geometric means over ${plural(run.mean_cells, "cell")}` : cellName(tradeoffCell)}, ratios to ${subjects[baseline].name}; bars are intervals. ` +
    `On the Pareto front (dashed), where no other is both faster and leaner: ${front.join(", ")}.`;
  fillTable($("tradeoff-table"), "Ratios to the baseline", ["allocator", "throughput", "interval", "peak memory", "interval", "on the front"],
    all.map(([i, q]) => [nameOf(i), number(q.speed.ratio), q.speed.low ? range({ ...q.speed, blocks: 2 }) : "", number(q.memory.ratio), q.memory.low ? range({ ...q.memory, blocks: 2 }) : "", onFront(i) ? "yes" : "no"]));
  draw("tradeoff-chart", tradeoffOption);
}

function setUpTradeoff() {
  if (contenders.length < 2) {
    sayEmpty("tradeoff", "Only one allocator was measured, so there is nothing to weigh against each other.");
    return;
  }
  const select = el("select", { id: "tradeoff-cell" });
  $("tradeoff-note").before(el("div", { class: "tools" }, el("label", {}, "Of ", select)));
  const choices = cells.map((c, k) => [k, cellName(k)]).filter(([k]) => !cells[k].control);
  fillSelect(select, [[-1, "all cells"], ...choices], () => { tradeoffCell = Number(select.value); fillTradeoff(); });
  if (!points().length) sayEmpty("tradeoff", "No ratio to the baseline is known, so there is nothing to draw.");
  else { addSwitches("tradeoff-chart"); fillTradeoff(); }
}
