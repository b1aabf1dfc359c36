// Fills the page: what is read first, first; each chart in a turn of its own, so that the page answers meanwhile.

function fillNav() {
  $("nav").replaceChildren(...[...document.querySelectorAll("section[data-nav]")].map((s) => el("a", { href: `#${s.id}` }, s.dataset.nav)));
}

function start() {
  $("theme").addEventListener("click", () => {
    const order = ["", "light", "dark"];
    chosenTheme = order[(order.indexOf(chosenTheme) + 1) % order.length];
    applyTheme();
  });
  systemDark.addEventListener("change", applyTheme);
  addEventListener("beforeprint", () => { printing = true; applyTheme(); });
  addEventListener("afterprint", () => { printing = false; applyTheme(); });
  let waiting = 0;
  addEventListener("resize", () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(() => charts.forEach(({ chart }) => chart.resize())); });

  applyTheme();
  fillNav();
  fillAnswer();
  setUpMatrix();
  setUpCell();
  fillSettings();
  fillFacts();
  fillAgain();
  const rest = [setUpTradeoff, setUpScaling, setUpMemory, setUpFragmentation, setUpOccupancy, setUpTail, setUpLatency];
  const next = () => {
    const job = rest.shift();
    if (job) { job(); setTimeout(next); } else document.documentElement.dataset.ready = "yes";
  };
  setTimeout(next);
}

start();
