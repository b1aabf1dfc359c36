// One cell in a dialog: its medians, trials, memory over time and failures.

const column = Object.fromEntries(data.trial_columns.map((name, k) => [name, k]));

function summaryTable(c) {
  const table = el("table");
  const cell = (m, i) => {
    const r = entries[c][i][m];
    if (r.median === null) return "–";
    const value = `${number(r.median * measures[m].scale)}`;
    return i === baseline || !r.blocks ? value : `${value}  (${number(r.ratio)}${marks[r.verdict] ? ` ${marks[r.verdict]}` : ""} ${range(r)})`;
  };
  fillTable(table, `Medians, and ratios to ${subjects[baseline].name}`, ["allocator", "trials that ended well", ...Object.values(measures).map((m) => `${m.title}, ${m.unit}`)],
    subjects.map((s, i) => [nameOf(i), `${entries[c][i].ok} of ${entries[c][i].trials}`, ...Object.keys(measures).map((m) => cell(m, i))]));
  return el("div", { class: "wide" }, table);
}

function trialsTable(c) {
  const table = el("table");
  const rows = data.trials.filter((t) => t[column.cell] === c);
  fillTable(table, "Every trial", ["block", "allocator", "status", "Mop/s", "peak MiB", "at the end MiB", "CPU ns per call", "seconds", "minor faults", "preempted"],
    rows.map((t) => [String(t[column.block] + 1), el("td", { class: "text" }, nameOf(t[column.subject])),
      el("td", { class: t[column.status] === "ok" ? "text" : "text failed" }, t[column.status]),
      number(millions(t[column.throughput_calls_per_s])), number(t[column.peak_rss_bytes] === null ? null : t[column.peak_bytes] / MIB), number(t[column.end_bytes] / MIB),
      number(t[column.cpu_ns_per_call]), number(t[column.wall_ns] / 1e9), count(t[column.minor_faults]), count(t[column.involuntary_switches])]));
  return el("details", {}, el("summary", {}, `Every trial (${rows.length})`), el("div", { class: "wide" }, table));
}

function trialsOption(c) {
  const of = (i) => data.trials.filter((t) => t[column.cell] === c && t[column.subject] === i && t[column.throughput_calls_per_s] !== null)
    .sort((a, b) => a[column.block] - b[column.block]).map((t) => [t[column.block] + 1, millions(t[column.throughput_calls_per_s])]);
  return {
    ...base(`Throughput of every trial on ${cellName(c)} by block`),
    tooltip: tooltip({ trigger: "axis", formatter: (list) => tip(`block ${list[0].value[0]}`, list.map((s) => [Number(s.seriesId.slice(1)), `${number(s.value[1])} Mop/s`])) }),
    xAxis: axis("value", "block", { min: 1, max: Math.max(2, run.blocks), minInterval: 1 }), yAxis: axis("value", "Mop/s", { nameGap: 48, min: 0 }),
    series: shown().map((i) => lineOf(i, of(i), { showSymbol: true, lineStyle: { color: colourOf(i), width: 1, type: looks[i].dash, opacity: 0.6 } })),
  };
}

function openCell(c) {
  $("cell-title").textContent = cellName(c);
  const cell = cells[c];
  const failures = data.failures.filter((f) => f.cell === c);
  const remote = cell.remote_frees ? `${number(100 * cell.remote_frees / cell.frees)} % of what is freed was allocated by another thread. ` : "";
  const parts = [
    el("p", { class: "quiet" }, `${count(cell.calls_per_pass)} calls in a pass, at most ${bytes(cell.peak_live_bytes)} requested at once. ${remote}`),
    failures.length ? el("ul", { class: "failed failures" }, failures.map((f) => el("li", {}, failureText(f)))) : null,
    summaryTable(c), el("h3", {}, "Throughput of every trial"), el("div", { class: "chart", id: "cell-trials" }), trialsTable(c),
    el("h3", {}, "Resident memory over time"),
    seriesOf(c).length ? el("div", { class: "chart", id: "cell-memory" }) : el("p", { class: "quiet" }, "No series: no trial that ended well was long enough to be sampled."),
  ];
  $("cell-body").replaceChildren(...parts.filter(Boolean));
  $("cell").showModal();
  draw("cell-trials", () => trialsOption(c));
  if (seriesOf(c).length) draw("cell-memory", () => memoryOption(c, "resident", "t"));
}

function setUpCell() {
  $("cell-close").addEventListener("click", () => $("cell").close());
  $("cell").addEventListener("close", () => { dropChart("cell-trials"); dropChart("cell-memory"); });
  $("cell").addEventListener("click", (event) => { if (event.target === $("cell")) $("cell").close(); });
}
