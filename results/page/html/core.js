// What all sections use: the data, elements, numbers, colours. Nothing here computes a statistic.

const data = JSON.parse(document.getElementById("data").textContent);
const { run, subjects, cells, entries, means, tuning } = data; // tuning: null where the run is none
const $ = (id) => document.getElementById(id);

// An element; text becomes text nodes, so that no name in the data is ever read as HTML.
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== ""));
  return node;
}

// Of an axis: no zeros behind.
const tick = (v) => String(Number(v.toPrecision(6)));

// With the digits that a reader can use, as the table on the terminal has them.
function number(x) {
  if (x === null || x === undefined) return "–";
  const size = Math.abs(x);
  if (size > 0 && size < 0.00995) return x.toPrecision(2);
  return x.toFixed(size < 0.0995 ? 3 : size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

const count = (n) => (n === null || n === undefined ? "–" : n.toLocaleString("en").replaceAll(",", "\u202f"));
const bytes = (n) => (n < 10240 ? plural(n, "byte") : n < 10 * MIB ? `${number(n / 1024)} KiB` : `${number(n / MIB)} MiB`);
const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
const range = (r) => (r.blocks > 1 || r.cells ? `[${number(r.low)}, ${number(r.high)}]` : "");
const MIB = 1048576;

const measures = {
  throughput_calls_per_s: { title: "Throughput", unit: "Mop/s", scale: 1e-6, higher: true, better: "faster", worse: "slower" },
  peak_rss_bytes: { title: "Peak resident memory", unit: "MiB", scale: 1 / MIB, higher: false, better: "leaner", worse: "larger", uncontrolled: true },
  cpu_ns_per_call: { title: "CPU time per call", unit: "ns", scale: 1, higher: false, better: "cheaper", worse: "dearer" },
};

const baseline = run.baseline;
const cellName = (c) => `${cells[c].workload}, ${plural(cells[c].threads, "thread")}`;
// Of a tuning's many settings those that are worth a line of their own: the default, and what came out of it.
const tuned = tuning && [baseline, tuning.recommended, tuning.answer && tuning.answer.best, ...tuning.confirmed];
const contenders = subjects.map((s, i) => i).filter((i) => !subjects[i].bench && (!tuned || tuned.includes(i)));

// Okabe and Ito's colours, which differ for all kinds of colour vision, a little lighter on a dark ground; fixed for the
// allocators that the project knows. Settings of one allocator share its colour and differ in their dashes.
const colours = {
  glibc: ["#33383e", "#e2e6ea"],
  jemalloc: ["#d55e00", "#f08a3c"],
  tcmalloc: ["#0072b2", "#58aee8"],
  mimalloc: ["#009e73", "#2fc79b"],
  ptmalloc: ["#b5578e", "#e49ac4"],
  implicit: ["#b57d00", "#f0b429"],
  buddy: ["#3b93c4", "#8fd0f5"],
  null: ["#8a929b", "#8a929b"],
};
const others = [["#882255", "#d977a8"], ["#7d7d1e", "#d2d25a"], ["#332288", "#a59bea"], ["#2b8a80", "#6fd3c6"]];
const dashes = ["solid", [7, 4], [2, 3], [9, 3, 2, 3], [14, 4], [4, 2, 1, 2]];
const symbols = ["circle", "rect", "triangle", "diamond", "emptyCircle", "emptyRect", "emptyTriangle", "emptyDiamond"];

const looks = (() => {
  const seen = new Map();
  let nOthers = 0;
  const order = [...contenders, ...subjects.map((_, i) => i).filter((i) => !contenders.includes(i))]; // all of those that are drawn differ
  const made = new Map(order.map((i) => [i, look(i)]));
  return subjects.map((_, i) => made.get(i));

  function look(i) {
    const s = subjects[i];
    const known = Object.hasOwn(colours, s.allocator) && (!tuned || i === baseline);
    const key = known ? s.allocator : s.name;
    if (!seen.has(key)) seen.set(key, { pair: known ? colours[key] : others[nOthers++ % others.length], n: 0 });
    const of = seen.get(key);
    return { pair: of.pair, dash: dashes[of.n++ % dashes.length], symbol: symbols[i % symbols.length] };
  }
})();

// --- light and dark ---

const systemDark = matchMedia("(prefers-color-scheme: dark)");
let chosenTheme = "";
let printing = false;
const isDark = () => !printing && (chosenTheme === "dark" || (chosenTheme === "" && systemDark.matches));
const colourOf = (i) => looks[i].pair[isDark() ? 1 : 0];
const cssValue = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function applyTheme() {
  const root = document.documentElement;
  root.dataset.theme = isDark() ? "dark" : "light";
  subjects.forEach((s, i) => root.style.setProperty(`--subject-${i}`, colourOf(i)));
  $("theme").textContent = `Theme: ${chosenTheme || "as the system"}`;
  redrawAll();
}

// --- tables and choices ---

// Rows of texts or elements; the first column heads its row.
function fillTable(table, caption, head, rows) {
  const isText = (i) => i === 0 || (rows.length && rows[0][i] instanceof HTMLElement && rows[0][i].classList.contains("text"));
  table.replaceChildren(
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, head.map((h, i) => el("th", { scope: "col", class: isText(i) ? "text" : null }, h)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((c, i) =>
      c instanceof HTMLTableCellElement ? c : el(i ? "td" : "th", i ? {} : { scope: "row" }, c))))));
}

// A piece of the allocator's line.
const swatch = (i) => {
  const svg = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const dash = looks[i].dash === "solid" ? "" : looks[i].dash.join(" ");
  const line = svg("line", { x1: 0, x2: 24, y1: 5, y2: 5, "stroke-width": 4, "stroke-dasharray": dash, stroke: `var(--subject-${i})` });
  const node = svg("svg", { class: "swatch", width: 24, height: 10, "aria-hidden": "true" });
  node.append(line);
  return node;
};
const nameOf = (i) => el("span", {}, swatch(i), subjects[i].name);

function fillSelect(select, options, onChange) {
  select.replaceChildren(...options.map(([value, text]) => el("option", { value }, text)));
  select.onchange = onChange;
}

// Hides the tools and charts of a section that has nothing to show, and says why.
function sayEmpty(section, why) {
  const node = $(section);
  node.querySelectorAll(".tools, .chart, details, .wide").forEach((n) => { n.hidden = true; });
  node.querySelectorAll("p.quiet").forEach((n, i) => { n.textContent = i ? "" : why; });
}
