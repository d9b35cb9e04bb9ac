// Charts read out their marks: the one at the pointer or finger, or the next by the arrow keys.
// Without this script the browser shows a mark's title to the pointer.
(() => {
const REACH = 24;
const bubble = document.createElement("div");
bubble.className = "bubble";
bubble.setAttribute("role", "status");
bubble.hidden = true;
document.body.append(bubble);

function prepare() {
  for (const chart of document.querySelectorAll("svg.chart:not([tabindex])")) {
    chart.setAttribute("tabindex", "0");
    for (const title of chart.querySelectorAll(":not(svg) > title")) {
      title.parentElement.dataset.says = title.textContent;
      title.remove();
    }
  }
}

function show(chart, mark) {
  hide();
  mark.classList.add("shown");
  bubble.textContent = mark.dataset.says;
  bubble.hidden = false;
  const at = mark.getBoundingClientRect();
  const most = document.documentElement.clientWidth - bubble.offsetWidth - 8;
  const left = Math.max(8, Math.min(at.left + (at.width - bubble.offsetWidth) / 2, most));
  bubble.style.left = `${scrollX + left}px`;
  bubble.style.top = `${scrollY + at.top - bubble.offsetHeight - 8}px`;
}

function hide() {
  bubble.hidden = true;
  for (const mark of document.querySelectorAll(".chart .shown")) mark.classList.remove("shown");
}

function away(mark, event) {
  const at = mark.getBoundingClientRect();
  return Math.hypot(at.left + at.width / 2 - event.clientX, at.top + at.height / 2 - event.clientY);
}

document.addEventListener("pointermove", (event) => {
  const chart = event.target.closest?.("svg.chart");
  if (!chart) return hide();
  if (event.target.dataset.says) return show(chart, event.target);
  const marks = [...chart.querySelectorAll("[data-says]")];
  const near = marks.filter((one) => away(one, event) < REACH);
  near.sort((one, other) => away(one, event) - away(other, event));
  if (near.length) show(chart, near[0]);
  else hide();
});

document.addEventListener("keydown", (event) => {
  const chart = event.target.closest?.("svg.chart");
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") hide();
  if (!chart || !step) return;
  event.preventDefault();
  const marks = [...chart.querySelectorAll("[data-says]")];
  const at = marks.findIndex((one) => one.classList.contains("shown"));
  const next = at < 0 ? (step > 0 ? 0 : marks.length - 1) : (at + step + marks.length) % marks.length;
  if (marks.length) show(chart, marks[next]);
});

document.addEventListener("focusout", hide);
new MutationObserver(prepare).observe(document.body, { childList: true, subtree: true });
prepare();
})();
