// What was measured, on which machine, and how to make it again.

function fillSettings() {
  const isListed = (i) => !tuned || contenders.includes(i); // of a tuning's settings not all the hundreds
  const listed = subjects.map((_, i) => i).filter(isListed);
  const long = (text) => el("td", { class: "text long" }, text || "–");
  fillTable($("settings-table"), "Proved in the trials: the file that supplied malloc, and what the worker was started with",
    ["allocator", "version", "malloc from", "build id", "environment"],
    listed.map((i) => {
      const s = subjects[i], p = data.proof[i];
      return [nameOf(i), el("td", { class: "text" }, p.version || "–"), long(p.path || (entries.some((row) => row[i].trials) ? "no trial ended well" : "not run")),
        long(p.build_id ? p.build_id.slice(0, 16) : ""), long(p.environment || s.setting || "nothing")];
    }));
  const telling = data.proof.map((p, i) => [i, p.settings || []]).filter(([i, list]) => list.length && isListed(i));
  const value = ([, least, greatest]) => (least === greatest ? count(least) : `${count(least)} to ${count(greatest)}`);
  $("settings-held").replaceChildren(
    ...telling.map(([i, list]) => el("details", {}, el("summary", {}, `Settings that held in ${subjects[i].name}, as it told them at the end of its trials (${list.length})`),
      (() => { const t = el("table"); fillTable(t, "", ["setting", "value"], list.map((row) => [row[0], value(row)])); return el("div", { class: "wide" }, t); })())),
    el("p", { class: "quiet" }, telling.length < listed.length ? "The other allocators do not tell which settings held; theirs are those of the environment above and their own defaults." : ""));
}

function fillFacts() {
  fillTable($("facts-table"), "As the run found it", ["fact", "value"], data.facts.map(([k, v]) => [k.replaceAll("_", " "), el("td", { class: "text long" }, v)]));
}

function fillAgain() {
  const parts = [];
  if (run.command) parts.push(el("p", {}, "The same plans in the same order, on this machine or on another one:"), el("pre", { tabindex: "0" }, run.command));
  else parts.push(el("p", {}, "The run's manifest does not tell how it was asked for."));
  parts.push(el("p", {}, "The numbers of this page, as a table and as JSON:"), el("pre", { tabindex: "0" }, `arenabench show ${run.name}\narenabench export --series ${run.name}`));
  $("again-body").replaceChildren(...parts);
  $("made").textContent = `Made by arenabench ${run.program_version} from run ${run.name}, begun ${run.started}${run.finished ? `, finished ${run.finished}` : ", not finished"}. ` +
    `Intervals: ${run.confidence * 100} % bootstrap of ${count(run.resamples)} resamples. Differences of memory below ${run.rss_grain_bytes / 1024} KiB are none, for the kernel counts pages in batches.`;
}
