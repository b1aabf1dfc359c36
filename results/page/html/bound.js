// Adversaries: what each allocator's heap grew to, the bound that theory states, and what was live.

const adversaries = cells.map((c, k) => k).filter((k) => cells[k].bound_bytes !== null);
const inMib = (n) => (n === null ? null : n / MIB);
const peakMib = (k, i) => inMib(entries[k][i].peak_rss_bytes.median);

// A line across all bars of a cell: a point as high as they are.
const level = (name, of, colour) => {
  const room = ($("bound-chart").clientHeight - 110) / adversaries.length;
  return {
    type: "scatter", name, z: 5, symbol: "rect", symbolSize: [3, Math.max(8, room * 0.85)], itemStyle: { color: colour },
    data: adversaries.map((k, row) => [inMib(of(cells[k])), row]),
  };
};

function boundOption() {
  const p = palette();
  const all = adversaries.flatMap((k) => [inMib(cells[k].bound_bytes), inMib(cells[k].peak_live_bytes), ...contenders.map((i) => peakMib(k, i))]).filter((v) => v > 0);
  const least = Math.min(...all) / 1.5, most = Math.max(...all) * 1.2;
  return {
    ...base("Peak resident memory of each allocator under adversaries, with their bounds"),
    grid: { left: 190, right: 30, top: 50, bottom: 60 },
    legend: { top: 4, textStyle: { color: p.ink }, data: [...shown().map((i) => subjects[i].name), "bound", "live"] },
    tooltip: tooltip({ trigger: "axis", axisPointer: { type: "shadow" }, formatter: (list) => {
      const k = adversaries[list[0].dataIndex];
      return tip(cellName(k), [[null, `bound ${bytes(cells[k].bound_bytes)}, live ${bytes(cells[k].peak_live_bytes)}`],
        ...shown().map((i) => [i, boundShare(k, i)])]);
    } }),
    xAxis: axis("log", "peak resident memory, MiB: dark line the bound, pale line what was live", { logBase: 2, min: least, max: most, axisLabel: { color: p.ink, formatter: tick, showMinLabel: false, showMaxLabel: false } }),
    yAxis: { ...axis("category", ""), data: adversaries.map(cellName), inverse: true, axisLabel: { color: p.ink, width: 170, overflow: "break" } },
    series: [
      ...shown().map((i) => ({ type: "bar", name: subjects[i].name, id: `s${i}`, data: adversaries.map((k) => peakMib(k, i)), itemStyle: { color: colourOf(i) }, barGap: "10%" })),
      level("bound", (c) => c.bound_bytes, p.ink), level("live", (c) => c.peak_live_bytes, p.quiet),
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
