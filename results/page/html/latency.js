// How long single calls took, as quantile curves; the quantiles were read from histograms where the page was made.

const classNames = ["at most 64 B", "to 256 B", "to 1 KiB", "to 4 KiB", "to 16 KiB", "to 64 KiB", "to 256 KiB", "to 1 MiB", "above 1 MiB"];
for (const s of found)
  s.latencies = s.latencies.map(([kind, sizeClass, remote, faulted, n, sure, ns]) => ({ kind, class: sizeClass, remote, faulted, n, sure, ns }));
const timed = () => found.filter((s) => s.latencies && s.latencies.length);
const keyOf = (l) => `${l.kind}/${l.class}/${l.remote}/${l.faulted ? 1 : 0}`;
const whose = ["", ", of own objects", ", of another thread's objects"];
const keyTitle = (l) => `${l.kind}, ${l.class < 0 ? "all sizes" : classNames[l.class]}${whose[l.remote + 1]}${l.faulted ? ", with a page fault" : ""}`;

function latencyLines(c, key) {
  return timed().filter((s) => s.cell === c).map((s) => [s, s.latencies.find((l) => keyOf(l) === key)]).filter(([, l]) => l);
}

// Quantiles by how many nines they have: 0, 90 %, 99 %, 99.9 %.
const nines = (millionths) => -Math.log10(1 - Math.min(millionths, 999990) / 1e6);
const quantileName = (millionths) => (millionths === 1000000 ? "greatest" : millionths === 0 ? "least" : `p${number(millionths / 1e4).replace(/\.?0+$/, "")}`);

function latencyOption(c, key) {
  const q = data.latency_quantiles, p = palette();
  return {
    ...base(`Time of single calls on ${cellName(c)} by quantile, a line per allocator`),
    tooltip: tooltip({ trigger: "axis", formatter: (list) => tip(quantileName(q[list[0].dataIndex]), list.map((s) => [Number(s.seriesId.slice(1)), `${count(s.value[1])} ns`])) }),
    xAxis: axis("value", "quantile of the calls", { min: 0, max: 5, interval: 1, axisLabel: { color: p.ink, formatter: (v) => ["least", "p90", "p99", "p99.9", "p99.99", "greatest"][v] || "" } }),
    yAxis: axis("log", "ns", { nameGap: 55, logBase: 10, axisLabel: { color: p.ink, formatter: (v) => count(v) } }),
    series: latencyLines(c, key).filter(([s]) => !hidden.has(s.subject)).map(([s, l]) => lineOf(s.subject, l.ns.map((ns, k) => [nines(q[k]), Math.max(1, ns)]), { showSymbol: true, symbolSize: 5 })),
  };
}

function fillLatency() {
  const c = Number($("latency-cell").value), key = $("latency-kind").value, lines = latencyLines(c, key);
  const first = lines[0][0];
  $("latency-note").textContent = `From the second pass: one call of about ${first.latency_period} was timed. Times hold the clock's own ${first.clock_ns} ns and are known to a 32nd. A quantile with fewer than ten calls beyond it (~) is an anecdote. Calls in which a page fault fell are apart.${failedNote(c)}`;
  const q = data.latency_quantiles, picked = [500000, 900000, 990000, 999000, 1000000].map((x) => q.indexOf(x));
  fillTable($("latency-table"), `${cellName(c)}: ${keyTitle(lines[0][1])}, ns`, ["allocator", "calls timed", ...picked.map((k) => quantileName(q[k]))],
    lines.map(([s, l]) => [nameOf(s.subject), count(l.n), ...picked.map((k) => `${k < l.sure || q[k] === 1000000 ? "" : "~"}${count(l.ns[k])}`)]));
  draw("latency-chart", () => latencyOption(c, key));
}

function offerLatencies() {
  const c = Number($("latency-cell").value), before = $("latency-kind").value;
  const seen = new Map();
  for (const s of timed()) if (s.cell === c) for (const l of s.latencies) seen.set(keyOf(l), keyTitle(l));
  fillSelect($("latency-kind"), [...seen], fillLatency);
  if (seen.has(before)) $("latency-kind").value = before;
}

function setUpLatency() {
  const list = [...new Set(timed().map((s) => s.cell))].sort((a, b) => a - b);
  if (!list.length) { sayEmpty("latency", found.length ? "No call was timed in the surveys of this run." : `${noSurveys}latencies.`); return; }
  fillSelect($("latency-cell"), list.map((c) => [c, cellName(c)]), () => { offerLatencies(); fillLatency(); });
  $("latency-cell").value = startCell(list);
  offerLatencies();
  addSwitches("latency-chart");
  fillLatency();
}
