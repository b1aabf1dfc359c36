// What the second pass found: pages at the marks, the heap as a map, what came back at the end.

const found = data.surveys.filter((s) => s.kind && !subjects[s.subject].bench);
const cellsWithSurveys = () => [...new Set(found.map((s) => s.cell))].sort((a, b) => a - b);
const foundIn = (c) => found.filter((s) => s.cell === c);
const noSurveys = "This run has no surveys (the second pass over each cell), so nothing is known of its ";

const failedSurveys = (c) => data.surveys.filter((s) => s.cell === c && s.status !== "ok")
  .map((s) => `${subjects[s.subject].name}: ${s.status}${s.message ? ` (${s.message})` : ""}`);
const failedNote = (c) => { const list = failedSurveys(c); return list.length ? ` Failed in the second pass: ${list.join("; ")}.` : ""; };

const shareNames = ["empty", ...Array.from({ length: 16 }, (_, k) => `≤ ${number((k + 1) * 6.25)} %`)];

// Marks are not at the same moments for all; a kind and its number among its like are.
function marksOf(c) {
  const first = foundIn(c)[0];
  const seen = {};
  return first.kind.map((kind, k) => {
    seen[kind] = (seen[kind] || 0) + 1;
    const numbered = first.kind.filter((x) => x === kind).length > 1;
    return { kind, nth: seen[kind], title: `${kind}${numbered ? ` ${seen[kind]}` : ""}, ${count(first.ops[k])} operations` };
  });
}

function markIndex(s, mark) {
  let n = 0;
  return s.kind.findIndex((kind) => kind === mark.kind && ++n === mark.nth);
}

// Bars have patterns, too, which the legend shows.
const bars = () => ({
  aria: { enabled: true, decal: { show: true } },
  legend: { top: 0, right: 20, selectedMode: false, textStyle: { color: palette().ink, width: 160, overflow: "truncate" } },
});

function occupancyOption(c, mark) {
  const list = foundIn(c).filter((s) => !hidden.has(s.subject)).map((s) => [s, markIndex(s, mark)]).filter(([, k]) => k >= 0);
  return {
    ...base(`Resident heap pages by the share of each page that is live, on ${cellName(c)}`),
    ...bars(),
    grid: { left: 80, right: 20, top: 40, bottom: 60 },
    tooltip: tooltip({ trigger: "axis", axisPointer: { type: "shadow" }, formatter: (rows) => tip(rows[0].axisValue, rows.map((r) => [Number(r.seriesId.slice(1)), `${count(r.value)} pages`])) }),
    xAxis: axis("category", "share of the page that is requested and live", { data: shareNames, axisLabel: { color: palette().ink, interval: 0, rotate: 40, fontSize: 11 }, nameGap: 46 }),
    yAxis: axis("value", "resident pages", { nameGap: 60 }),
    series: list.map(([s, k]) => ({ type: "bar", id: `s${s.subject}`, name: subjects[s.subject].name, data: s.pages[k], itemStyle: { color: colourOf(s.subject) }, barGap: 0 })),
  };
}

function fillOccupancy() {
  const c = Number($("occupancy-cell").value), mark = marksOf(c)[Number($("occupancy-mark").value)];
  $("occupancy-note").textContent = `From the second pass, in which the threads stand still at marks and the worker's own map of live objects is held against the kernel's page map: so it works alike for every allocator. Its clock does not count. ` +
    `"Empty" pages are resident and hold no live byte.${failedNote(c)}`;
  const rows = foundIn(c).map((s) => [s, markIndex(s, mark)]).filter(([, k]) => k >= 0);
  fillTable($("occupancy-table"), `${cellName(c)}, at the mark: ${mark.title}`,
    ["allocator", "live MiB", "usable MiB", "held MiB", "resident MiB", "resident but empty MiB", "resident / live", "cache lines shared"],
    rows.map(([s, k]) => [nameOf(s.subject), ...["live_kib", "usable_kib", "held_kib", "resident_kib", "empty_kib"].map((n) => number(s[n][k] === null ? null : s[n][k] / 1024)),
      number(s.residency_permille[k] === null ? null : s.residency_permille[k] / 1000),
      s.used_lines[k] ? `${number((s.shared_lines[k] / s.used_lines[k]) * 100)} %` : "–"]));
  draw("occupancy-chart", () => occupancyOption(c, mark));
}

// --- the heat map ---

const heatColours = () => (isDark() ? ["#5b2a6e", "#2f5d8c", "#2b8a80", "#9ac94f", "#fdf3a7"] : ["#3b0f50", "#2c5a8c", "#1f958b", "#7ccf5b", "#f3e51f"]);

function heatOption(s) {
  const p = palette();
  const rows = s.heat.length ? s.heat[0].length : 0;
  const cellsOf = s.heat.flatMap((column, x) => [...column].map((ch, y) => (ch === " " ? null : [x, y, ch.charCodeAt(0) - 48])).filter(Boolean));
  return {
    ...base(`The heap of ${subjects[s.subject].name} over the marks of ${cellName(s.cell)}: share of the resident pages that is live`),
    grid: { left: 80, right: 130, top: 10, bottom: 90 },
    tooltip: tooltip({ formatter: (at) => tip(`${s.kind[at.value[0]]}, ${count(s.ops[at.value[0]])} operations`,
      [[null, `row ${at.value[1] + 1}: ${at.value[2] === 0 ? "resident, nothing live" : `at most ${number(at.value[2] * 6.25)} % live`}`]]) }),
    xAxis: axis("category", "", { data: s.kind.map((k, n) => (k === "step" ? `${n + 1}` : k)), axisLabel: { color: p.ink, rotate: 55, fontSize: 11, interval: 0, hideOverlap: false, formatter: (v) => (/^\d+$/.test(v) ? "·" : v) } }),
    yAxis: axis("category", "addresses, ascending", { data: Array.from({ length: rows }, (_, k) => k + 1), axisLabel: { show: false }, axisTick: { show: false }, nameGap: 20 }),
    visualMap: { type: "continuous", min: 0, max: 16, right: 5, top: "center", inRange: { color: heatColours() }, text: ["all live", "empty"], textStyle: { color: p.ink }, calculable: false, formatter: (v) => `${number(v * 6.25)} %` },
    series: [{ type: "heatmap", data: cellsOf, progressive: 0, itemStyle: { borderWidth: 0 } }],
  };
}

function fillHeat() {
  const c = Number($("occupancy-cell").value);
  const s = foundIn(c).find((x) => x.subject === Number($("heat-subject").value)) || foundIn(c)[0];
  $("heat-note").textContent = `Each column is a mark, each row a stretch of addresses of up to ${count(s.heat_row_kib)} KiB of which anything was ever resident; what lies between is left out. ` +
    `Dark is resident but empty, blank is not resident. ${s.marks_found > s.kind.length ? `${s.kind.length} of ${s.marks_found} marks are drawn.` : ""}`;
  draw("heat-chart", () => heatOption(s));
}

function offerMarks() {
  const c = Number($("occupancy-cell").value), list = marksOf(c);
  fillSelect($("occupancy-mark"), list.map((m, k) => [k, m.title]), fillOccupancy);
  const peak = list.findIndex((m) => m.kind === "peak");
  $("occupancy-mark").value = peak < 0 ? list.length - 1 : peak;
  fillSelect($("heat-subject"), foundIn(c).map((s) => [s.subject, subjects[s.subject].name]), fillHeat);
}

function setUpOccupancy() {
  const list = cellsWithSurveys();
  if (!list.length) { sayEmpty("occupancy", `${noSurveys}pages.`); return; }
  fillSelect($("occupancy-cell"), list.map((c) => [c, cellName(c)]), () => { offerMarks(); fillOccupancy(); fillHeat(); });
  $("occupancy-cell").value = startCell(list);
  offerMarks();
  addSwitches("occupancy-chart");
  fillOccupancy();
  fillHeat();
}

// --- the tail ---

const tailMoments = ["drained", "idle 0.1 s", "idle 1 s", "idle 5 s", "purged"];

function tailOption(c) {
  const list = foundIn(c).filter((s) => !hidden.has(s.subject));
  return {
    ...base(`Resident heap after the end on ${cellName(c)}: drained, idle, purged`),
    ...bars(),
    grid: { left: 75, right: 20, top: 40, bottom: 40 },
    tooltip: tooltip({ trigger: "axis", axisPointer: { type: "shadow" }, formatter: (rows) => tip(rows[0].axisValue, rows.map((r) => [Number(r.seriesId.slice(1)), r.value === undefined || r.value === null ? "not known" : `${number(r.value)} MiB`])) }),
    xAxis: axis("category", "", { data: tailMoments }),
    yAxis: axis("value", "MiB resident", { nameGap: 50 }),
    series: list.map((s) => ({ type: "bar", id: `s${s.subject}`, name: subjects[s.subject].name, data: s.tail_kib.map((v) => (v === null ? null : v / 1024)), itemStyle: { color: colourOf(s.subject) }, barGap: 0 })),
  };
}

function fillTail() {
  const c = Number($("tail-cell").value);
  $("tail-note").textContent = `From the second pass. When all threads have ended, the heap is left alone for 0.1, 1 and 5 seconds, then the allocator is asked to give back what it can. What comes back then was not returned; what stays is fragmentation.${failedNote(c)}`;
  fillTable($("tail-table"), `${cellName(c)}: resident heap in MiB`, ["allocator", ...tailMoments, "asked by", "what it does"],
    foundIn(c).map((s) => [nameOf(s.subject), ...s.tail_kib.map((v) => number(v === null ? null : v / 1024)), el("td", { class: "text" }, s.purge || "no such call"), el("td", { class: "text long" }, s.tail_words)]));
  draw("tail-chart", () => tailOption(c));
}

function setUpTail() {
  const list = cellsWithSurveys();
  if (!list.length) { sayEmpty("tail", `${noSurveys}tail.`); return; }
  fillSelect($("tail-cell"), list.map((c) => [c, cellName(c)]), fillTail);
  $("tail-cell").value = startCell(list);
  addSwitches("tail-chart");
  fillTail();
}
