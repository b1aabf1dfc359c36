// The answer, what spoils it, and what failed.

function failureText(f) {
  const signal = f.signal ? `, signal ${f.signal} (${f.signal_name || "unknown"})` : "";
  const e = entries[f.cell][f.subject];
  return `${subjects[f.subject].name} on ${cellName(f.cell)}: ${f.status} in ${f.trials} of ${plural(e.trials, "trial")}${signal}${f.message ? `: ${f.message}` : ""}`;
}

function fillAnswer() {
  document.title = `arenabench: run ${run.name}`;
  const names = contenders.map((i) => subjects[i].name);
  $("title").textContent = tuning ? `Tuning ${subjects[baseline].name} on ${cellName(0)}` : names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names.join();
  const machine = data.facts.find(([key]) => key === "machine");
  $("where").textContent = `Run ${run.name}: ${tuning ? `${plural(subjects.length, "setting")} of ${tuning.knobs.map((k) => k.name).join(", ")}, ${plural(run.blocks, "block")}` : `${plural(cells.length, "cell")}, ${run.blocks} of ${plural(run.blocks_wanted, "block")}`}, ` +
    `${plural(run.trials, "trial")}${run.finished ? "" : ", not finished"}. ${machine ? `${machine[1]}.` : ""}`;

  const card = (title, sentences) => el("div", { class: "card" }, el("h2", {}, title), sentences.map((s) => el("p", {}, s)));
  const sure = `Numbers in brackets are ${run.confidence * 100} % bootstrap intervals over ${plural(run.blocks, "block")}; ratios are paired inside a block. ` +
    `A difference is claimed only where the interval excludes 1 and the ratio is more than ${run.noise * 100} % away from it. ` +
    `Each claim holds for itself: of twenty such claims one may be chance.`;
  if (tuning) $("answers").replaceChildren(...tuningAnswer());
  else $("answers").replaceChildren(
    el("div", { class: "answers" }, card("Speed", data.answer.speed), card("Memory", data.answer.memory)),
    el("p", { class: "quiet" }, sure));

  const warned = [];
  if (data.failures.length) {
    const list = el("ul", { class: "failed failures" }, data.failures.map((f) => el("li", {}, failureText(f))));
    const sum = data.failures.reduce((n, f) => n + f.trials, 0);
    const said = `${plural(sum, "trial")} of ${run.trials} failed; they count in no number here`;
    warned.push(el("h3", {}, "Failed trials"));
    warned.push(data.failures.length <= 6 ? list : el("details", {}, el("summary", { class: "failed" }, said), list));
  }
  if (data.warnings.length)
    warned.push(el("h3", {}, "What to know about these numbers"), el("ul", { class: "warning" }, data.warnings.map((w) => el("li", {}, w))));
  $("warned").replaceChildren(...warned);
}
