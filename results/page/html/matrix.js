// The matrix: a real table, coloured.

let matrixMeasure = "throughput_calls_per_s";

const marks = { "no difference": "=", "too few blocks": "?" };

// How a ratio is shaded: no colour without a claim, full at four times.
function tint(node, ratio, verdict) {
  if (verdict !== "better" && verdict !== "worse") return;
  const alpha = 0.1 + 0.5 * Math.min(1, Math.abs(Math.log2(ratio)) / 2);
  node.style.backgroundColor = `rgba(var(--${verdict}), ${alpha.toFixed(2)})`;
}

function spoken(m, r) {
  const what = measures[m];
  if (r.verdict === "no difference") return "no difference found";
  if (r.verdict === "too few blocks") return "too few blocks to say";
  return r.verdict === "better" ? what.better : what.worse;
}

function ratioCell(m, c, i) {
  const e = entries[c][i], r = e[m];
  const failed = e.trials - e.ok;
  const note = failed ? `${failed === e.trials ? "" : `${failed} of ${e.trials} `}${e.failure}` : "";
  const td = el("td", { class: "cell" });
  const value = i === baseline ? number(r.median === null ? null : r.median * measures[m].scale) : r.blocks ? number(r.ratio) : "";
  const label = `${subjects[i].name} on ${cellName(c)}: ` +
    (i === baseline ? `${value} ${measures[m].unit}` : r.blocks ? `${value} times ${subjects[baseline].name}, ${range(r)}, ${spoken(m, r)}` : "no ratio") +
    (note ? `, ${note}` : "") + ". Opens the cell.";
  td.append(el("button", { type: "button", "aria-label": label, onclick: () => openCell(c) },
    value, i !== baseline && marks[r.verdict] ? ` ${marks[r.verdict]}` : "",
    i !== baseline && r.blocks > 1 ? el("span", { class: "range" }, range(r)) : "",
    note || (!e.trials ? "not run" : "") ? el("span", { class: "range" }, note || "not run") : ""));
  td.dataset.ratio = i === baseline ? r.median : r.ratio;
  if (failed && failed === e.trials) td.classList.add("failed");
  else if (i !== baseline) tint(td, r.ratio, r.verdict);
  return td;
}

function meanRow(m, title, list, className) {
  const row = el("tr", { class: className }, el("th", { scope: "row" }, title), el("td", {}), el("td", {}));
  for (const i of contenders) {
    if (i === baseline) continue;
    const r = list[i];
    const td = el("td", {});
    if (r && r.blocks) {
      td.append(number(r.ratio), marks[r.verdict] ? ` ${marks[r.verdict]}` : "", el("span", { class: "range" }, range(r)));
      if (r.cells < run.mean_cells && className === "mean") td.append(el("span", { class: "range" }, `${r.cells} of ${run.mean_cells} cells`));
      td.dataset.ratio = r.ratio;
      tint(td, r.ratio, r.verdict);
    }
    row.append(td);
  }
  return row;
}

function fillMatrix() {
  const m = matrixMeasure, what = measures[m];
  const head = el("tr", {}, el("th", { scope: "col" }, "workload"), el("th", { scope: "col" }, "threads"),
    el("th", { scope: "col" }, nameOf(baseline), ` ${what.unit}`),
    contenders.filter((i) => i !== baseline).map((i) => el("th", { scope: "col" }, nameOf(i))));
  const rows = cells.map((cell, c) => (what.uncontrolled && cell.control ? null : el("tr", {},
    el("th", { scope: "row" }, cell.workload), el("td", {}, String(cell.threads)), ratioCell(m, c, baseline),
    contenders.filter((i) => i !== baseline).map((i) => ratioCell(m, c, i))))).filter(Boolean);
  if (run.mean_cells > 1 && contenders.length > 1) {
    rows.push(meanRow(m, "geometric mean", means.map((x) => x && x[m]), "mean"));
    const lever = data.levers[m];
    if (lever) rows.push(meanRow(m, `without ${lever.workload}`, lever.means, "without"));
  }
  $("matrix-table").replaceChildren(
    el("caption", {}, `${what.title}, ratio to ${subjects[baseline].name}; ${what.higher ? "above 1 is " + what.better : "below 1 is " + what.better}`),
    el("thead", {}, head), el("tbody", {}, rows));
  $("matrix-note").textContent = `Each cell is a workload with so many threads. = means no difference found, ? too few blocks to say. ` +
    `Choose a cell to see its trials, its memory over time and its failures.` +
    (cells.some((c) => c.control) ? " nop is the bench's own control and counts in no mean." : "");
  fillScale();
}

function fillScale() {
  const what = measures[matrixMeasure];
  const steps = (what.higher ? [0.25, 0.5, 0.8, 1, 1.25, 2, 4] : [4, 2, 1.25, 1, 0.8, 0.5, 0.25]).map((ratio) => {
    const node = el("span", { class: "step" }, `${ratio}×`);
    const isBetter = what.higher ? ratio > 1 : ratio < 1;
    tint(node, ratio, ratio === 1 ? "no difference" : isBetter ? "better" : "worse");
    return node;
  });
  $("matrix-scale").replaceChildren(what.worse, ...steps, what.better);
}

function setUpMatrix() {
  fillSelect($("matrix-measure"), Object.entries(measures).map(([k, v]) => [k, v.title]), () => {
    matrixMeasure = $("matrix-measure").value;
    fillMatrix();
  });
  fillMatrix();
}
