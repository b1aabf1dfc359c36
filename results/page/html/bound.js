// Adversaries: what each allocator's heap grew to, the bound that theory states, and what was live.

const adversaries = cells.map((c, k) => k).filter((k) => cells[k].bound_bytes !== null);
const inMib = (n) => (n === null ? null : n / MIB);
const peakMib = (k, i) => inMib(entries[k][i].peak_rss_bytes.median);

// One mark across all bars of a cell.
const level = (name, of, type) => ({
  type: "custom", name, z: 5, data: adversaries.map((k, row) => [row, inMib(of(cells[k]))]), encode: { x: 1, y: 0 }, color: palette().ink,
  itemStyle: { color: palette().ink },
  renderItem: (params, api) => {
    const [x, y] = api.coord([api.value(1), api.value(0)]), half = api.size([0, 1])[1] * 0.45;
    return { type: "line", shape: { x1: x, x2: x, y1: y - half, y2: y + half }, style: { stroke: palette().ink, lineWidth: 2, lineDash: type } };
  },
});

function boundOption() {
  const p = palette();
  return {
    ...base("Peak resident memory of each allocator under adversaries, with their bounds"),
    grid: { left: 190, right: 30, top: 50, bottom: 60 },
    legend: { top: 4, textStyle: { color: p.ink }, data: [...shown().map((i) => subjects[i].name), { name: "bound", icon: "rect" }, { name: "live", icon: "rect" }] },
    tooltip: tooltip({ trigger: "axis", axisPointer: { type: "shadow" }, formatter: (list) => {
      const k = adversaries[list[0].dataIndex];
      return tip(cellName(k), [[null, `bound ${bytes(cells[k].bound_bytes)}, live ${bytes(cells[k].peak_live_bytes)}`],
        ...shown().map((i) => [i, boundShare(k, i)])]);
    } }),
    xAxis: axis("log", "peak resident memory, MiB: solid line the bound, dotted what was live", { axisLabel: { color: p.ink, formatter: tick } }),
    yAxis: { ...axis("category", ""), data: adversaries.map(cellName), inverse: true, axisLabel: { color: p.ink, width: 170, overflow: "break" } },
    series: [
      ...shown().map((i) => ({ type: "bar", name: subjects[i].name, id: `s${i}`, data: adversaries.map((k) => peakMib(k, i)), itemStyle: { color: colourOf(i) }, barGap: "10%" })),
      level("bound", (c) => c.bound_bytes), level("live", (c) => c.peak_live_bytes, [2, 3]),
    ],
  };
}

function boundShare(k, i) {
  const peak = peakMib(k, i);
  return peak === null ? entries[k][i].failure || "not run" : `${number(peak)} MiB, ${number((100 * peak * MIB) / cells[k].bound_bytes)} % of the bound`;
}

function setUpBound() {
  if (!adversaries.length) {
    sayEmpty("bound", "No workload of this run has a bound: robson, best-fit-worst, segregated-worst and blow-up do.");
    return;
  }
  $("bound-note").textContent = "Each of these workloads is made to drive one kind of allocator to a bound that theory states. Who is far below it is of another kind, or gives back in time.";
  fillTable($("bound-table"), "Peak resident memory and its share of the bound", ["workload", "live", "bound", ...contenders.map(nameOf)],
    adversaries.map((k) => [cellName(k), bytes(cells[k].peak_live_bytes), bytes(cells[k].bound_bytes), ...contenders.map((i) => boundShare(k, i))]));
  addSwitches("bound-chart");
  draw("bound-chart", boundOption);
}
