// Memory and fragmentation over time, from the sampled trials; usable and held come from the second pass.

const seriesOf = (c) => data.series.filter((s) => s.cell === c);
const cellsWithSeries = () => [...new Set(data.series.map((s) => s.cell))].sort((a, b) => a - b);
const surveysOf = (c) => data.surveys.filter((s) => s.cell === c && s.kind);

const kinds = {
  resident: { title: "resident", column: "resident_kib" },
  live: { title: "requested live", column: "live_kib" },
  address: { title: "address space", column: "address_kib" },
  usable: { title: "usable (second pass)", column: "usable_kib", survey: true },
  held: { title: "held from the system (second pass)", column: "held_kib", survey: true },
  empty: { title: "resident but empty (second pass)", column: "empty_kib", survey: true },
};

const hasValues = (list, column) => list.some((s) => s[column] && s[column].some((v) => v !== null));
const xOf = (s, base) => (base === "t" ? s.t_us.map((t) => t / 1e6) : s.ops);
const pairs = (x, y, scale) => x.map((v, k) => [v, y[k] === null ? null : y[k] / scale]);
const xAxisOf = (baseKind) => axis("value", baseKind === "t" ? "seconds since the common start" : "operations done", {
  min: 0, axisLabel: { color: palette().ink, hideOverlap: true, formatter: (v) => (baseKind === "t" ? tick(v) : v >= 1e6 ? `${tick(v / 1e6)} M` : v >= 1e3 ? `${tick(v / 1e3)} k` : tick(v)) },
});

// The value of each line that holds at the pointer.
const axisTip = (unit) => tooltip({ trigger: "axis", axisPointer: { type: "line" }, formatter: (list) => {
  const rows = list.filter((s) => /^s\d+$/.test(s.seriesId) && s.value[1] !== null);
  return rows.length ? tip("", rows.map((s) => [Number(s.seriesId.slice(1)), `${number(s.value[1])} ${unit}`])) : "";
} });

// Of a cell: lines of every allocator, and the requested bytes as a dotted one.
function memoryOption(c, kind, baseKind) {
  const { column, survey } = kinds[kind];
  const list = (survey ? surveysOf(c) : seriesOf(c)).filter((s) => !hidden.has(s.subject) && !subjects[s.subject].bench);
  const lines = list.filter((s) => hasValues([s], column)).map((s) => lineOf(s.subject, pairs(xOf(s, baseKind), s[column], 1024),
    { showSymbol: Boolean(survey), connectNulls: false }));
  const asked = list.find((s) => s.subject === baseline) || list[0];
  if (kind !== "live" && kind !== "address" && asked && hasValues([asked], "live_kib"))
    lines.push({ type: "line", name: "requested live", id: "live", data: pairs(xOf(asked, baseKind), asked.live_kib, 1024), symbol: "none", silent: true,
      lineStyle: { color: palette().quiet, width: 1.5, type: [1, 3] }, endLabel: { show: true, formatter: () => "requested live", color: palette().quiet, fontSize: 12, distance: 6 },
      labelLayout: { moveOverlap: "shiftY" } });
  return {
    ...base(`Memory over time on ${cellName(c)}: ${kinds[kind].title}, a line per allocator`),
    grid: { left: 75, right: 150, top: 16, bottom: 80 },
    tooltip: axisTip("MiB"), dataZoom: zoom(), xAxis: xAxisOf(baseKind), yAxis: axis("value", "MiB", { nameGap: 50, min: 0 }), series: lines,
  };
}

// Failed everywhere, or without a series: said, not left out.
function absent(c, list) {
  return contenders.filter((i) => !list.some((s) => s.subject === i)).map((i) => {
    const e = entries[c][i];
    return `${subjects[i].name} ${!e.trials ? "was not run" : e.ok ? "has no series" : e.failure}`;
  });
}

function memoryRows(list) {
  return list.filter((s) => !subjects[s.subject].bench).map((s) => [nameOf(s.subject), String(s.block + 1), count(s.samples),
    number(s.peak_kib / 1024), number(s.end_kib / 1024), number(s.t_us.at(-1) / 1e6), count(s.ops.at(-1))]);
}

function fillMemory() {
  const c = Number($("memory-cell").value), list = seriesOf(c);
  const gone = absent(c, list);
  $("memory-note").textContent = `Resident memory less what was there before the start, read from outside while the timed trials ran: of each allocator the trial with the median peak. ` +
    `Longer series are thinned to at most ${data.thinned_to} points; each stretch keeps its least and its greatest. The dotted line is what the program has requested and not yet freed.` +
    (gone.length ? ` Not drawn: ${gone.join("; ")}.` : "") + ` Ctrl and the wheel zoom, or + − ← → 0 on the focused chart.`;
  fillTable($("memory-table"), `${cellName(c)}: the trials drawn`, ["allocator", "block", "samples", "greatest MiB", "last MiB", "seconds", "operations"], memoryRows(list));
  draw("memory-chart", () => memoryOption(c, $("memory-what").value, $("memory-base").value));
}

function offerKinds() {
  const c = Number($("memory-cell").value);
  const options = Object.entries(kinds).filter(([, k]) => hasValues(k.survey ? surveysOf(c) : seriesOf(c), k.column)).map(([key, k]) => [key, k.title]);
  const before = $("memory-what").value;
  fillSelect($("memory-what"), options, fillMemory);
  if (options.some(([key]) => key === before)) $("memory-what").value = before;
}

// The cell whose memory moves most is the one to begin with.
function startCell(list) {
  return list.filter((c) => !cells[c].control).sort((a, b) => cells[b].peak_live_bytes - cells[a].peak_live_bytes)[0] ?? list[0];
}

function setUpMemory() {
  const list = cellsWithSeries();
  if (!list.length) {
    sayEmpty("memory", "This run has no series: no trial that ended well was long enough to be sampled.");
    return;
  }
  fillSelect($("memory-cell"), list.map((c) => [c, cellName(c)]), () => { offerKinds(); fillMemory(); });
  $("memory-cell").value = startCell(list);
  offerKinds();
  $("memory-base").onchange = fillMemory;
  addSwitches("memory-chart");
  fillMemory();
}

// --- fragmentation ---

const figuresOf = (c) => data.memory.filter((m) => m.cell === c && !subjects[m.subject].bench);
const isVague = (c) => figuresOf(c).some((m) => m.is_by_marks);

// Where what is live is known too roughly from outside, the marks of the second pass take the place of the series.
function ratiosOf(c) {
  const list = isVague(c) ? surveysOf(c) : seriesOf(c);
  return list.filter((s) => !subjects[s.subject].bench && hasValues([s], "residency_permille"));
}

function fragmentationOption(c, baseKind) {
  const p = palette(), vague = isVague(c);
  const lines = ratiosOf(c).filter((s) => !hidden.has(s.subject))
    .map((s) => lineOf(s.subject, pairs(xOf(s, baseKind), s.residency_permille, 1000), { showSymbol: vague }));
  lines.push({ type: "line", id: "ideal", data: [], silent: true,
    markLine: { silent: true, symbol: "none", data: [{ yAxis: 1 }], lineStyle: { color: p.quiet, type: [1, 3], width: 1.5 }, label: { formatter: "ideal", color: p.quiet, position: "end" } } });
  return {
    ...base(`Resident by requested bytes over time on ${cellName(c)}, a line per allocator`),
    grid: { left: 75, right: 150, top: 16, bottom: 80 },
    tooltip: axisTip("times live"), dataZoom: zoom(), xAxis: xAxisOf(baseKind),
    yAxis: axis("log", "resident / requested live", { nameGap: 50, logBase: 2, min: (v) => 2 ** Math.floor(Math.log2(Math.min(1, v.min))), axisLabel: { color: p.ink, formatter: tick } }), series: lines,
  };
}

const figures = {
  f1_ratio: "F1", f2_ratio: "F2", f3_ratio: "F3", f4_ratio: "F4", memory_cost_ratio: "memory cost", blow_up_ratio: "blow-up",
  internal_ratio: "internal", unused_ratio: "held, not used", empty_pages_ratio: "empty", shared_lines_ratio: "lines shared",
};

function fillFragmentation() {
  const c = Number($("fragmentation-cell").value);
  const list = figuresOf(c).filter((m) => entries[c][m.subject].trials);
  $("fragmentation-note").textContent = `Resident memory by what the program has requested and not yet freed; 1 is the ideal, live bytes without a gap. Below 1 not all that was requested has been touched. ` +
    (isVague(c) ? "Here what is live is known too roughly from outside, so the lines and the figures are of the second pass." :
      "Where less than a hundredth of the greatest value is live, or less than 64 KiB, the ratio says nothing and is left out.");
  fillTable($("fragmentation-table"), `${cellName(c)}: medians over the trials that ended well. F1 to F4: Johnstone and Wilson's, by resident memory, less 1 (mean; when most is live; most resident by live then; most by most). ` +
    `Memory cost: the integral of resident by that of live. Blow-up: the greatest resident by the ideal's. Of the second pass at the peak: lost inside blocks; held from the system but in no block; resident but empty. Of all its marks: cache lines with objects that several threads hold.`,
    ["allocator", ...Object.values(figures)],
    list.map((m) => [nameOf(m.subject), ...Object.keys(figures).map((name) => (m[name] === null ? "–" : /memory|blow/.test(name) ? number(m[name]) : `${number(m[name] * 100)} %`))]));
  draw("fragmentation-chart", () => fragmentationOption(c, $("fragmentation-base").value));
}

function setUpFragmentation() {
  const list = cells.map((cell, c) => c).filter((c) => ratiosOf(c).length);
  if (!list.length) {
    sayEmpty("fragmentation", data.series.length ? "The series of this run do not tell what was live, so nothing can be said about fragmentation over time." : "This run has no series, so nothing can be said about fragmentation over time.");
    return;
  }
  fillSelect($("fragmentation-cell"), list.map((c) => [c, cellName(c)]), fillFragmentation);
  $("fragmentation-cell").value = startCell(list);
  $("fragmentation-base").onchange = fillFragmentation;
  addSwitches("fragmentation-chart");
  fillFragmentation();
}
