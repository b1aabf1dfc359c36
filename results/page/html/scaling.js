// Throughput over thread counts.

const scalable = () => [...new Set(cells.map((c) => c.workload))].filter((w) => new Set(cells.filter((c) => c.workload === w).map((c) => c.threads)).size > 1);
const countsOf = (workload) => cells.map((c, k) => [c.threads, k]).filter(([, k]) => cells[k].workload === workload).sort((a, b) => a[0] - b[0]);
const millions = (median) => (median === null ? null : median * measures.throughput_calls_per_s.scale);

function scalingOption() {
  const at = countsOf($("scaling-workload").value);
  return {
    ...base("Throughput over the number of threads, a line per allocator"),
    tooltip: tooltip({ trigger: "axis", formatter: (list) => tip(plural(list[0].value[0], "thread"),
      list.map((s) => [Number(s.seriesId.slice(1)), `${number(s.value[1])} Mop/s`])) }),
    xAxis: axis("log", "threads", { logBase: 2, min: at[0][0], max: at.at(-1)[0], axisLabel: { color: palette().ink, formatter: tick } }),
    yAxis: axis("value", "Mop/s", { nameGap: 48, min: 0 }),
    series: shown().map((i) => lineOf(i, at.map(([threads, k]) => [threads, millions(entries[k][i].throughput_calls_per_s.median)]),
      { showSymbol: true, connectNulls: false })),
  };
}

function fillScaling() {
  const at = countsOf($("scaling-workload").value);
  $("scaling-note").textContent = `Calls per second of wall clock by all threads together, the median of the trials that ended well. A line that rises in proportion scales; one that is flat does not.`;
  fillTable($("scaling-table"), "Mop/s, median", ["threads", ...contenders.map(nameOf)],
    at.map(([threads, k]) => [String(threads), ...contenders.map((i) => number(millions(entries[k][i].throughput_calls_per_s.median)))]));
  draw("scaling-chart", scalingOption);
}

function setUpScaling() {
  const names = scalable();
  if (!names.length) {
    sayEmpty("scaling", "Every workload ran with one number of threads only, so nothing can be said about scaling (run -t 1,2,4 measures it).");
    return;
  }
  const first = names.find((n) => !/^nop\b/.test(n)) || names[0];
  fillSelect($("scaling-workload"), names.map((n) => [n, n]), fillScaling);
  $("scaling-workload").value = first;
  addSwitches("scaling-chart");
  fillScaling();
}
