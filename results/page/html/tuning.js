// A tuning: the answer, the response surface as a coloured table, the other knobs, every setting that was tried.

const tuningMeasures = {
  throughput_calls_per_s: "throughput", peak_rss_bytes: "peak RSS", mean_rss_bytes: "mean RSS", memory_cost_ratio: "memory cost",
  p99_ns: "p99", faults_per_call: "faults", mappings: "mappings",
};
const inConfirmation = new Set(tuning ? tuning.confirmed : []);
const isUncertain = new Set(tuning ? tuning.uncertain : []);
const onTuningFront = new Set(tuning ? tuning.front : []);
const levelText = (knob, level) => tuning.knobs[knob].levels[level] || "unset";
const settingOf = (i) => (i === baseline ? "the default" : tuning.points[i]
  ? tuning.points[i].map((level, k) => (level ? `${tuning.knobs[k].name}=${levelText(k, level)}` : "")).filter(Boolean).join(" ") : subjects[i].name);
const ratioTo = (i, m) => (i === baseline ? { ratio: 1, low: 1, high: 1, blocks: run.blocks, verdict: null } : entries[0][i][m]);
const failedIn = (i) => entries[0][i].trials - entries[0][i].ok;
const restsOn = (i) => (i === baseline ? "every block" : inConfirmation.has(i) ? "confirmation" : "search");
const withRange = (r) => (r.blocks && r.ratio !== null ? `${number(r.ratio)}${r.blocks > 1 && r.low !== r.high ? ` ${range(r)}` : ""}` : "–");
const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

// --- the answer ---

function confirmationTable() {
  const { answer } = tuning, table = el("table", { id: "tuning-confirmation" });
  const rows = Object.entries(tuningMeasures).filter(([m]) => answer.confirmation[m]).map(([m, name]) => {
    const r = answer.confirmation[m], verdict = el("td", { class: "text" }, r.verdict === "no difference" ? "no difference found" : r.verdict);
    tint(verdict, r.ratio, r.verdict);
    return [name, r.ratio.toFixed(3), `[${r.low.toFixed(3)}, ${r.high.toFixed(3)}]`, verdict];
  });
  const others = besideBest().length, together = others ? ` that hold for all ${others + 1} together` : "";
  fillTable(table, `Measured again: ratios of ${settingOf(answer.best)} to the default, from ${plural(answer.confirmation_blocks, "fresh block")} of the default, this setting` +
    `${others ? ` and ${plural(others, "other")}` : ""}, with ${run.confidence * 100} % intervals${together}. What is claimed rests on these alone.`,
    ["measure", "ratio", "interval", "verdict"], rows);
  return el("div", { class: "wide" }, table);
}

// What shared the fresh blocks with the best.
const besideBest = () => tuning.answer.candidates.filter((c) => c.subject !== tuning.answer.best);
const besideVerdicts = { "no gain": "no gain is certain", "limit broken": "beyond the limit", "limit unsure": "a gain, the limit not certainly kept", gain: "a gain, too", "failed later": "failed" };

function besideTable() {
  const { answer } = tuning, table = el("table", { id: "tuning-beside" });
  const value = (c, m) => { const r = c.confirmation[m]; return r ? `${r.ratio.toFixed(3)} [${r.low.toFixed(3)}, ${r.high.toFixed(3)}]` : "–"; };
  fillTable(table, "Measured beside it, in the same blocks, by the default's.",
    ["setting", tuningMeasures[answer.goal] || answer.goal, tuningMeasures[answer.limited] || answer.limited, "verdict"],
    besideBest().map((c) => [settingOf(c.subject), value(c, answer.goal), value(c, answer.limited), el("td", { class: "text" }, besideVerdicts[c.verdict] || c.verdict)]));
  return el("div", { class: "wide" }, table);
}

function paretoTable() {
  const { answer } = tuning, table = el("table", { id: "tuning-pareto" });
  const known = Object.entries(tuningMeasures).filter(([m]) => answer.points.some((q) => q.ratios[m] !== null));
  const value = (q, m) => {
    const ratio = q.ratios[m], factor = Math.exp(2 * q.standard_errors[m]);
    if (ratio === null) return "–";
    return q.subject === baseline || q.standard_errors[m] === null || !(factor > 1.005) ? number(ratio) : `${number(ratio)} [${number(ratio / factor)}, ${number(ratio * factor)}]`;
  };
  const speed = (q) => q.ratios.throughput_calls_per_s || 0;
  const rows = [...answer.points].sort((a, b) => (b.subject === baseline) - (a.subject === baseline) || speed(b) - speed(a))
    .map((q) => [`${settingOf(q.subject)}${q.subject === answer.best ? " *" : ""}`, ...known.map(([m]) => value(q, m)), String(q.blocks)]);
  fillTable(table, "Settings that no other beats in everything, by the default's, from the blocks of the search alone; in brackets two standard errors to each side. " +
    "* is the setting that the answer is about: its numbers here are those of the search, hold luck, and claim nothing.", ["setting", ...known.map(([, name]) => name), "blocks"], rows);
  return el("details", { open: rows.length <= 12 }, el("summary", {}, `The Pareto set of the search (${rows.length})`), el("div", { class: "wide" }, table));
}

function tuningAnswer() {
  const { answer } = tuning;
  const resume = el("pre", { tabindex: "0" }, `arenabench tune --resume=${run.name}`);
  if (!answer)
    return [el("div", { class: "warning plain" }, el("p", {}, "No answer is stored: the tuning was cut off, and nothing is confirmed. It goes on with:"), resume)];
  const isOpen = answer.verdict === "unconfirmed";
  const said = lines(answer.sentence);
  return [
    el("div", { class: isOpen ? "warning plain" : "card", id: "tuning-verdict" }, el("h2", {}, "Answer"), said.map((line) => el("p", {}, line)), isOpen ? resume : null),
    answer.best !== null && answer.confirmation_blocks > 0 ? confirmationTable() : null,
    answer.best !== null && answer.confirmation_blocks > 0 && besideBest().length ? besideTable() : null,
    answer.paste ? el("div", {}, el("h3", {}, isOpen ? "To set it, though it is not confirmed" : "To set it"), pasted(answer.paste)) : null,
    answer.unproved.length ? el("p", { id: "tuning-unproved" }, `Taken, but not proved to hold (its effect cannot be told here): ${answer.unproved.join(", ")}.`) : null,
    answer.costs ? el("div", {}, el("h3", {}, "What it costs elsewhere"), el("ul", {}, lines(answer.costs).map((line) => el("li", {}, line)))) : null,
    answer.points.length ? paretoTable() : null,
  ].filter(Boolean);
}

// What can be pasted, and the words between.
function pasted(text) {
  const parts = [];
  for (const line of lines(text)) {
    const isWords = line.startsWith("or, ");
    if (isWords || !parts.length) parts.push({ words: isWords ? line : "", code: [] });
    if (!isWords) parts.at(-1).code.push(line);
  }
  return parts.flatMap(({ words, code }) => [words ? el("p", {}, words) : null, el("pre", { tabindex: "0", class: "paste" }, code.join("\n"))]);
}

// --- the response surface ---

// Subjects that set knobs of the grid alone, by their levels.
function gridSubjects() {
  const found = new Map();
  tuning.points.forEach((levels, i) => {
    if (levels && levels.every((level, k) => k < tuning.grid || level === 0)) found.set(levels.slice(0, 2).join(), i);
  });
  return found;
}

function surfaceCell(m, i, where) {
  if (i === undefined) return el("td", { class: "untried", title: `${where}: not tried` }, "·");
  const r = ratioTo(i, m), td = el("td", {}), marks = [];
  const known = r.blocks > 0 && r.ratio !== null;
  if (!known || (failedIn(i) && failedIn(i) === entries[0][i].trials)) {
    td.classList.add("failed");
    td.append("×");
    marks.push("failed");
  } else {
    td.append(number(r.ratio));
    td.dataset.ratio = r.ratio;
    const better = measures[m].higher ? r.ratio > 1 : r.ratio < 1;
    if (Math.abs(Math.log(r.ratio)) > Math.log1p(run.noise)) tint(td, r.ratio, better ? "better" : "worse");
    marks.push(i === baseline ? "every ratio is to this" : `${range(r)} from ${plural(r.blocks, "block")} of the ${restsOn(i)}`);
  }
  if (isUncertain.has(i)) { td.classList.add("uncertain"); marks.push("uncertain"); }
  if (failedIn(i) && known) { td.classList.add("some-failed"); marks.push(`${failedIn(i)} of ${plural(entries[0][i].trials, "trial")} failed`); }
  if (i === baseline) { td.classList.add("is-default"); marks.unshift("the default"); }
  if (i === tuning.recommended) { td.classList.add("is-recommended"); marks.unshift("recommended"); }
  if (i === candidate() && i !== tuning.recommended) { td.classList.add("is-candidate"); marks.unshift(candidateName()); }
  td.title = `${where}: ${known ? number(r.ratio) : "no ratio"}, ${marks.join(", ")}`;
  return td;
}

function surfaceTable(m, found) {
  const [x, y] = tuning.knobs, order = y ? y.levels.map((_, k) => y.levels.length - 1 - k) : [0];
  const rows = order.map((row) => el("tr", {}, el("th", { scope: "row" }, y ? levelText(1, row) : ""),
    x.levels.map((_, column) => surfaceCell(m, found.get(y ? `${column},${row}` : `${column}`),
      `${x.name} ${levelText(0, column)}${y ? `, ${y.name} ${levelText(1, row)}` : ""}`))));
  return el("div", { class: "surface" }, el("div", { class: "wide" }, el("table", { class: "surface-table" },
    el("caption", {}, `${measures[m].title}, times the default's`),
    el("thead", {}, el("tr", {}, el("td", {}), el("th", { class: "axis", scope: "colgroup", colspan: x.levels.length }, `${x.name} →`)),
      el("tr", {}, el("th", { class: "axis", scope: "col" }, y ? `${y.name} ↓` : ""), x.levels.map((_, k) => el("th", { scope: "col" }, levelText(0, k))))),
    el("tbody", {}, rows))));
}

function surfaceLegend() {
  const key = (className, text, sample) => el("span", { class: "key" }, el("span", { class: `sample ${className}` }, sample || ""), text);
  const shade = (text, ratio, verdict) => { const node = el("span", { class: "sample" }); tint(node, ratio, verdict); return el("span", { class: "key" }, node, text); };
  return el("p", { class: "scale", id: "tuning-legend" }, shade("better than the default", 2, "better"), shade("worse", 2, "worse"),
    key("is-default", "the default"), tuning.recommended === null ? null : key("is-recommended", "recommended"),
    candidate() === null || candidate() === tuning.recommended ? null : key("is-candidate", candidateName()),
    key("uncertain", `hatched: fewer than ${tuning.full_blocks} blocks, uncertain`), key("failed", "failed", "×"), key("untried", "not tried", "·"));
}

function fillSurface() {
  const found = gridSubjects(), names = tuning.knobs.slice(0, tuning.grid).map((k) => k.name);
  $("tuning-surface-note").textContent = `${names.join(" and ")} alone, all other settings as they are by default; each number is the median ratio to the default of the same block. ` +
    `The search leaves poor settings after few blocks: these are hatched, and say only that they looked poor. ` +
    (tuning.confirmed.length ? `Of ${tuning.confirmed.map(settingOf).join(", ")} the numbers are of the confirmation alone. ` : "") + `Point at a number for its interval.`;
  $("tuning-surface").replaceChildren(surfaceTable("throughput_calls_per_s", found), surfaceTable("peak_rss_bytes", found));
  $("tuning-surface").after(surfaceLegend());
  $("tuning-line-chart").hidden = tuning.grid > 1;
  if (tuning.grid === 1) draw("tuning-line-chart", () => levelsOption(found));
}

// --- the other knobs ---

function bestOf(list, m) {
  const known = list.filter((i) => failedIn(i) === 0 && ratioTo(i, m).blocks > 1);
  const better = (a, b) => (measures[m].higher ? ratioTo(a, m).ratio > ratioTo(b, m).ratio : ratioTo(a, m).ratio < ratioTo(b, m).ratio);
  return known.length ? known.reduce((best, i) => (better(i, best) ? i : best)) : null;
}

function levelRow(k, level) {
  const having = tuning.points.map((levels, i) => (levels && levels[k] === level ? i : -1)).filter((i) => i >= 0);
  const alone = having.find((i) => tuning.points[i].every((l, other) => other === k || l === 0));
  const speed = "throughput_calls_per_s", memory = "peak_rss_bytes", text = (i, m) => (i === undefined || i === null ? "–" : withRange(ratioTo(i, m)));
  const best = (m) => {
    const i = bestOf(having, m);
    return el("td", { class: "text long" }, i === null ? "–" : `${withRange(ratioTo(i, m))} with ${settingOf(i)}`);
  };
  return [`${tuning.knobs[k].name}=${levelText(k, level)}`, String(having.length), String(having.filter((i) => failedIn(i)).length), text(alone, speed), text(alone, memory), best(speed), best(memory)];
}

function fillOtherKnobs() {
  const rows = tuning.knobs.flatMap((knob, k) => (k < tuning.grid ? [] : knob.levels.map((_, level) => level).filter(Boolean).map((level) => levelRow(k, level))));
  const untried = tuning.knobs.slice(tuning.grid).filter((knob) => knob.levels.length === 1).map((knob) => knob.name);
  $("tuning-others").hidden = tuning.knobs.length <= tuning.grid;
  $("tuning-others-note").textContent = !rows.length ? `Never tried, for want of time: ${untried.join(", ")}.` : "Each level of the knobs that are not in the surface: alone, everything else as it is by default, and in the settings that did best with it, of those that ran in two blocks or more without failing. " +
    "The best of many holds luck: ratios of the search claim nothing." + (untried.length ? ` Never tried, for want of time: ${untried.join(", ")}.` : "");
  $("tuning-others-table").hidden = !rows.length;
  fillTable($("tuning-others-table"), "Ratios to the default, from the search unless confirmed", ["level", "settings with it", "failed", "throughput alone", "peak RSS alone", "best throughput", "least peak RSS"], rows);
}

// --- everything ---

function fillAllSettings() {
  const state = (i) => (failedIn(i) ? `failed in ${failedIn(i)} of ${plural(entries[0][i].trials, "trial")}` : restsOn(i));
  const rows = subjects.map((_, i) => i).filter((i) => entries[0][i].trials).map((i) => [settingOf(i), el("td", { class: failedIn(i) ? "text failed" : "text" }, state(i)),
    String(i === baseline ? entries[0][i].ok : ratioTo(i, "throughput_calls_per_s").blocks),
    withRange(ratioTo(i, "throughput_calls_per_s")), withRange(ratioTo(i, "peak_rss_bytes")),
    withRange(ratioTo(i, "cpu_ns_per_call")), onTuningFront.has(i) ? "yes" : ""]);
  $("tuning-all-summary").textContent = `Every setting that was tried (${rows.length})`;
  fillTable($("tuning-all-table"), "Ratios to the default, with bootstrap intervals", ["setting", "rests on", "blocks", "throughput", "peak RSS", "CPU time per call", "on the front"], rows);
}

function setUpTuning() {
  if (!tuning) return;
  fillSurface();
  fillOtherKnobs();
  fillAllSettings();
  fillTuningFront();
}
