// The page without this script: the form's button loads the page anew, with the plan.
// With it: every change fetches the parts that it concerns, and the address keeps the state.
const form = document.getElementById("question");
const frontierForm = document.getElementById("frontier-form");
const statusLine = document.getElementById("status");
const sliders = [...form.querySelectorAll('input[type="range"]')];
const newForm = document.getElementById("new-provider");
const frontierPart = document.getElementById("frontier");
const running = new Map();
// On a narrow screen the plan comes after a short form; what is folded can be opened.
if (matchMedia("(max-width: 60rem)").matches) {
  for (const one of form.querySelectorAll("details.fold")) {
    one.open = [...one.querySelectorAll('input[type="range"]')].some((share) => share.value > 0);
  }
}
let begun = location.search.length > 1;
let timer;

function inputs() {
  return [...form.querySelectorAll("[name]")].filter((one) => one.name !== "form");
}

// What differs from the study itself, so that links stay short.
function query() {
  const found = new URLSearchParams();
  for (const one of inputs()) {
    if (one.type === "checkbox" || one.type === "radio") {
      if (one.checked) found.append(one.name, one.value);
    } else if (one.type === "range") {
      if (Number(one.value) > 0) found.append(one.name, one.value);
    } else if (one.name === "size" && form.dataset.ask !== "size") {
      continue;
    } else if (!("usual" in one.dataset) || one.value !== one.dataset.usual || one.name === "size") {
      found.append(one.name, one.value);
    }
  }
  if (frontierPart.querySelector("table, .computing")) {
    found.append("frontier", frontierForm.elements.frontier.value);
  }
  found.append("form", "1");
  return found;
}

async function show(part, parameters, place = document.getElementById(part), sent = {}) {
  running.get(part)?.abort();
  const control = new AbortController();
  running.set(part, control);
  place.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(`parts/${part}?${parameters}`, { signal: control.signal, ...sent });
    if (response.redirected || response.status === 401) return location.reload();
    if (!response.ok) throw new Error((await response.json()).detail);
    place.innerHTML = await response.text();
  } catch (failure) {
    if (failure.name === "AbortError") return;
    place.textContent = `No answer: ${failure.message}.`;
  }
  place.setAttribute("aria-busy", "false");
}

// Whether a later request for it is on its way: what that one shows is not to be said yet.
function isBusy(place) {
  return place.getAttribute("aria-busy") === "true";
}

// Whether it was the last request, so that the page shows its answer.
async function refresh(parts) {
  form.dataset.ask = form.querySelector('[name="ask"]:checked')?.value ?? "size";
  showShares();
  if (parts.includes("answer") && frontierPart.querySelector("table")) {
    frontierPart.innerHTML = "<p>The question has changed. Compare the budgets again.</p>";
  }
  const parameters = query();
  if (begun) history.replaceState(null, "", `?${parameters}`);
  begun = true;
  for (const link of document.querySelectorAll("a.export")) {
    link.href = `export/${link.dataset.form}?${parameters}`;
  }
  const slow = setTimeout(() => say("Computing…"), 250);
  await Promise.all(parts.map((part) => show(part, parameters)));
  clearTimeout(slow);
  if (["answer", "by-hand"].some((part) => isBusy(document.getElementById(part)))) return false;
  const heading = document.getElementById("plan-heading");
  statusLine.textContent = heading ? `Plan: ${heading.textContent}` : "No plan: see the message.";
  statusLine.classList.add("unseen"); // who sees the page sees the plan below
  return true;
}

function say(text) {
  statusLine.textContent = text;
  statusLine.classList.remove("unseen");
}

function showShares() {
  const total = sliders.reduce((sum, one) => sum + Number(one.value), 0);
  for (const one of sliders) {
    const share = total ? `${Math.round((100 * Number(one.value)) / total)}%` : "–";
    one.nextElementSibling.textContent = share;
    one.setAttribute("aria-valuetext", share);
  }
}

function later(parts, wait) {
  clearTimeout(timer);
  timer = setTimeout(() => refresh(parts), wait);
}

form.addEventListener("input", (event) => {
  if (event.target.name === "study") {
    location.search = new URLSearchParams({ study: event.target.value });
  } else if (event.target.type === "range") {
    showShares();
    later(["by-hand"], 60);
  } else {
    later(["answer", "by-hand"], event.target.type === "text" ? 350 : 60);
  }
});

form.addEventListener("change", (event) => {
  if (event.target.type === "range") later(["by-hand", "answer"], 60);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  refresh(["answer", "by-hand"]).then((isLast) => {
    if (isLast) document.getElementById("plan-heading")?.focus();
  });
});

frontierForm.addEventListener("submit", (event) => {
  event.preventDefault();
  frontierPart.innerHTML = "<p class='computing'>Computing…</p>";
  const parameters = query();
  history.replaceState(null, "", `?${parameters}`);
  show("frontier", parameters);
});

newForm?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const parameters = query();
  for (const one of newForm.querySelectorAll("[name]")) parameters.append(one.name, one.value);
  const note = document.getElementById("new-status");
  note.textContent = "Computing… the first new provider takes some seconds.";
  const place = document.getElementById("new-answer");
  const body = document.getElementById("new-file").files[0];
  await show("providers", parameters, place, { method: "POST", body });
  if (isBusy(place)) return;
  note.textContent = "";
  (document.getElementById("new-heading") ?? place).focus();
});

document.getElementById("as-plan").addEventListener("click", () => {
  const shares = JSON.parse(document.querySelector("[data-shares]")?.dataset.shares ?? "{}");
  for (const one of sliders) one.value = Math.round(100 * (shares[one.dataset.provider] ?? 0));
  refresh(["by-hand", "answer"]);
});

document.getElementById("clear").addEventListener("click", () => {
  for (const one of sliders) one.value = 0;
  refresh(["by-hand", "answer"]);
});

document.getElementById("copy").addEventListener("click", async () => {
  history.replaceState(null, "", `?${query()}`);
  try {
    await navigator.clipboard.writeText(location.href);
    say("The link is copied.");
  } catch {
    say(`The link: ${location.href}`);
  }
});

refresh(document.getElementById("plan-heading") ? [] : ["answer", "by-hand"]);
