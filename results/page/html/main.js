// Fills the page: what is read first, first; each section in a turn of its own, so that the page answers meanwhile.

function fillNav() {
  $("nav").replaceChildren(...[...document.querySelectorAll("section[data-nav]:not([hidden])")].map((s) => el("a", { href: `#${s.id}` }, s.dataset.nav)));
}

function start() {
  $("theme").addEventListener("click", () => {
    const order = ["", "light", "dark"];
    chosenTheme = order[(order.indexOf(chosenTheme) + 1) % order.length];
    applyTheme();
  });
  systemDark.addEventListener("change", applyTheme);
  const print = (now) => () => {
    printing = now; // on paper: light, and as wide as that, before the charts are drawn
    document.documentElement.classList.toggle("printing", now);
    applyTheme();
    if (now) drawAll();
  };
  addEventListener("beforeprint", print(true));
  addEventListener("afterprint", print(false));

  // A tuning has one cell and many settings of one allocator, which have pictures of their own; and no surveys.
  for (const id of tuning ? ["matrix", "tradeoff", "scaling", "occupancy", "tail", "latency"] : ["tuning"]) $(id).hidden = true;
  applyTheme();
  fillNav();
  fillAnswer();
  if (!tuning) setUpMatrix();
  setUpCell();
  fillSettings();
  fillFacts();
  fillAgain();
  document.documentElement.dataset.filled = "yes";
  performance.mark("filled");
  const rest = tuning ? [setUpTuning, setUpMemory, setUpFragmentation] : [setUpTradeoff, setUpScaling, setUpMemory, setUpFragmentation, setUpOccupancy, setUpTail, setUpLatency, setUpBound];
  const next = () => {
    const job = rest.shift();
    if (job) { job(); setTimeout(next); } else document.documentElement.dataset.ready = "yes";
  };
  setTimeout(next);
}

start();
