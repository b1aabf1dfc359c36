// Charts of a tuning: the Pareto front, and lines over the levels of a single knob.

const tuningPoints = () => subjects.map((_, i) => i)
  .filter((i) => i === baseline || (failedIn(i) < entries[0][i].trials && ratioTo(i, "throughput_calls_per_s").ratio > 0 && ratioTo(i, "peak_rss_bytes").ratio > 0))
  .map((i) => [i, { speed: ratioTo(i, "throughput_calls_per_s"), memory: ratioTo(i, "peak_rss_bytes") }]);
const accent = () => (isDark() ? "#f08a3c" : "#d55e00");
// What was measured again though it is not recommended stands out, too.
const candidate = () => (tuning.recommended !== null ? tuning.recommended : tuning.answer && tuning.answer.best !== null ? tuning.answer.best : tuning.confirmed.length ? tuning.confirmed[0] : null);

function candidateName() {
  const i = candidate();
  return i === tuning.recommended ? "recommended" : inConfirmation.has(i) ? "measured again, not recommended" : "best so far, unconfirmed";
}

function tuningTip(i) {
  const speed = ratioTo(i, "throughput_calls_per_s"), memory = ratioTo(i, "peak_rss_bytes");
  const rest = i === baseline ? "every ratio is to this" : `${plural(speed.blocks, "block")} of the ${restsOn(i)}${isUncertain.has(i) ? ", uncertain" : ""}`;
  return tip(settingOf(i), [[null, `throughput ${withRange(speed)}`], [null, `peak RSS ${withRange(memory)}`], [null, rest]]);
}

// One kind of points: [peak RSS, throughput, subject].
const pointsOf = (name, list, more) => ({
  type: "scatter", name, data: list.map(([i, q]) => [q.memory.ratio, q.speed.ratio, i]), symbolSize: 9, ...more,
});

function frontSeries(all) {
  const p = palette(), special = new Set([baseline, candidate()]);
  const plain = all.filter(([i]) => !special.has(i)), better = plain.filter(([i]) => onTuningFront.has(i));
  const bars = all.filter(([i]) => i !== baseline && (i === candidate() || onTuningFront.has(i))).flatMap(([i, { speed, memory }]) => {
    const bar = (from, to) => ({ type: "line", data: [from, to], symbol: "none", silent: true, tooltip: { show: false }, z: 2,
      lineStyle: { color: i === candidate() ? accent() : p.quiet, width: 1.2, opacity: isUncertain.has(i) ? 0.45 : 0.9 } });
    return speed.blocks > 1 ? [bar([memory.ratio, speed.low], [memory.ratio, speed.high]), bar([memory.low, speed.ratio], [memory.high, speed.ratio])] : [];
  });
  const front = all.filter(([i]) => onTuningFront.has(i)).sort((a, b) => a[1].memory.ratio - b[1].memory.ratio);
  return [
    { type: "line", name: "Pareto front", data: front.map(([, q]) => [q.memory.ratio, q.speed.ratio]), step: "end", symbol: "none", silent: true,
      lineStyle: { color: p.quiet, type: [4, 4], width: 1.5 }, itemStyle: { color: p.quiet }, z: 1 },
    ...bars,
    pointsOf("behind the front", plain.filter(([i]) => !onTuningFront.has(i)), { symbol: "circle", symbolSize: 7, itemStyle: { color: "transparent", borderColor: p.quiet, borderWidth: 1, opacity: 0.55 }, z: 3 }),
    pointsOf("on the front, of the search: unconfirmed", better, { symbol: "circle", itemStyle: { color: p.ground, borderColor: colours.tcmalloc[isDark() ? 1 : 0], borderWidth: 2.5 }, z: 4 }),
    pointsOf("the default", all.filter(([i]) => i === baseline), { symbol: "rect", symbolSize: 13, itemStyle: { color: p.ink }, z: 6 }),
    ...(candidate() === null ? [] : [pointsOf(candidateName(), all.filter(([i]) => i === candidate()), { symbol: "diamond", symbolSize: 18,
      itemStyle: { color: inConfirmation.has(candidate()) ? accent() : p.ground, borderColor: accent(), borderWidth: 2.5 }, z: 7 })]),
  ];
}

function tuningFrontOption() {
  const p = palette(), all = tuningPoints(), series = frontSeries(all);
  const names = series.map((s) => s.name).filter(Boolean);
  const wanted = all.map(([i, q]) => [i, { // the axes hold the points, and the intervals of those alone that have bars
    speed: i === candidate() || onTuningFront.has(i) ? q.speed : { ratio: q.speed.ratio },
    memory: i === candidate() || onTuningFront.has(i) ? q.memory : { ratio: q.memory.ratio } }]);
  return {
    ...base("Throughput against peak resident memory of every setting that was tried, as ratios to the default"),
    grid: { left: 70, right: 24, top: 60, bottom: 56 },
    legend: { data: names.map((name) => (name === "Pareto front" ? { name, icon: "path://M0,5H5V6.5H0Z M8,5H13V6.5H8Z" } : { name })), top: 0, left: 0, textStyle: { color: p.ink }, selectedMode: false, itemGap: 16, itemWidth: 13, itemHeight: 13 },
    tooltip: tooltip({ trigger: "item", formatter: (at) => (at.value && at.value.length > 2 ? tuningTip(at.value[2]) : "") }),
    xAxis: ratioAxis(wanted, "memory", "peak resident memory, times the default's (left is leaner)", 34),
    yAxis: ratioAxis(wanted, "speed", "throughput, times the default's (up is faster)", 48),
    series,
  };
}

function fillTuningFront() {
  const front = tuning.front.filter((i) => i !== baseline).length;
  const i = candidate();
  $("tuning-front-note").textContent = `Every setting that ran well, by the default of the same block; bars are intervals. Joined: ${front ? `the ${plural(front, "setting")}${onTuningFront.has(baseline) ? " and the default" : ""}` : "the default alone"}, of those that ran in two blocks or more, that no other is both faster and leaner than. ` +
    (i === null ? "" : inConfirmation.has(i) ? `${settingOf(i)} stands where the ${plural(ratioTo(i, "throughput_calls_per_s").blocks, "fresh block")} of the confirmation put it${tuning.confirmed.length > 1 ? `, and so do ${tuning.confirmed.filter((other) => other !== i).map(settingOf).join(", ")}` : ""}; all others rest on the search, whose best had luck.`
      : `Nothing is confirmed: all rest on the search, whose best had luck.`);
  draw("tuning-front-chart", tuningFrontOption);
}

// --- one knob ---

function levelsOption(found) {
  const p = palette(), knob = tuning.knobs[0];
  const kinds = [["throughput_calls_per_s", "throughput", colours.tcmalloc], ["peak_rss_bytes", "peak resident memory", colours.jemalloc]];
  const at = (k) => found.get(`${k}`);
  const series = kinds.flatMap(([m, name, pair]) => {
    const colour = pair[isDark() ? 1 : 0];
    const known = knob.levels.map((_, k) => k).filter((k) => at(k) !== undefined && ratioTo(at(k), m).ratio > 0);
    const bars = known.filter((k) => ratioTo(at(k), m).blocks > 1 && at(k) !== baseline).map((k) => {
      const r = ratioTo(at(k), m);
      return { type: "line", data: [[k, r.low], [k, r.high]], symbol: "none", silent: true, tooltip: { show: false }, lineStyle: { color: colour, width: 1.5, opacity: isUncertain.has(at(k)) ? 0.4 : 0.9 } };
    });
    return [{ type: "line", name, symbol: "circle", symbolSize: 9, lineStyle: { color: colour, width: 2 }, itemStyle: { color: colour },
      data: known.map((k) => ({ value: [k, ratioTo(at(k), m).ratio, at(k)], symbol: at(k) === tuning.recommended ? "diamond" : at(k) === baseline ? "rect" : "circle", symbolSize: at(k) === tuning.recommended ? 17 : at(k) === baseline ? 12 : 9,
        itemStyle: isUncertain.has(at(k)) ? { color: p.ground, borderColor: colour, borderWidth: 2 } : { color: colour } })) }, ...bars];
  });
  const values = series.flatMap((s) => s.data.map((d) => (d.value || d)[1])).filter((v) => v > 0);
  const isWide = Math.max(...values, 1) / Math.min(...values, 1) > 5;
  const ratioLabel = { color: p.ink, formatter: tick, hideOverlap: true };
  return {
    ...base(`Throughput and peak memory over the levels of ${knob.name}, as ratios to the default`),
    grid: { left: 70, right: 24, top: 44, bottom: 56 },
    legend: { data: kinds.map(([, name]) => name), top: 0, left: 0, textStyle: { color: p.ink }, selectedMode: false },
    tooltip: tooltip({ trigger: "item", formatter: (q) => (q.value && q.value.length > 2 ? tuningTip(q.value[2]) : "") }),
    xAxis: axis("category", `${knob.name} (square: the default; diamond: recommended; hollow: uncertain)`, { data: knob.levels.map((_, k) => levelText(0, k)), boundaryGap: true }),
    yAxis: axis(isWide ? "log" : "value", "times the default's", { nameGap: 48, scale: true, axisLabel: ratioLabel, ...(isWide ? { logBase: 2 } : {}) }),
    series,
  };
}
