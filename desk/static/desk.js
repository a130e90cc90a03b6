// What pages do more with scripts than without: nothing here is needed to do the work.
"use strict";

// A form that is on its way is not sent twice; the button that was pressed still tells its name.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  form.setAttribute("aria-busy", "true");
  const working = form.querySelector("[data-working]");
  if (working) { working.textContent = working.dataset.working; }
  setTimeout(() => { delete form.dataset.sent; form.removeAttribute("aria-busy"); }, working ? 60000 : 8000);
});
window.addEventListener("pageshow", () => { for (const form of document.forms) { delete form.dataset.sent; } });

// What went wrong takes the focus.
const wrong = document.getElementById("galat");
if (wrong) { wrong.focus(); }

// A page that asks once more is the answer to a form: going back to it later shows the case as it is then, and no browser's question.
const asks = document.querySelector("[data-back]");
if (asks) { history.replaceState(null, "", asks.dataset.back); }

// Links of the summary lead to a field, and the field takes the focus.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".summary a[href^='#']");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) { return; }
  event.preventDefault();
  field.scrollIntoView();
  field.focus();
});

// Only what belongs to the chosen answer is shown.
function follow(name) {
  for (const radio of document.querySelectorAll(`input[type=radio][name="${name}"]`)) {
    const part = document.getElementById(`untuk-${radio.value}`);
    if (part) { part.hidden = !radio.checked; }
  }
}
const followed = new Set([...document.querySelectorAll("[data-follows]")].map((part) => part.dataset.follows));
for (const name of followed) {
  follow(name);
  document.addEventListener("change", (event) => { if (event.target.name === name) { follow(name); } });
}

// The session: said two minutes before it ends by itself; what was typed is kept in any case.
const warning = document.getElementById("sisa-sesi");
const ends = Number(document.body.dataset.ends);
if (warning && ends) {
  let timer;
  const words = warning.querySelector("p"), button = warning.querySelector("button");
  // Nothing is loaded anew here: what stands in the forms of this page stays, and is kept at the desk when it is sent.
  const over = () => { warning.hidden = false; words.textContent = warning.dataset.over; button.hidden = true; };
  const warnIn = (seconds) => { clearTimeout(timer); timer = setTimeout(() => { warning.hidden = false; }, Math.max(0, seconds - 120) * 1000); };
  warnIn(ends);
  button.addEventListener("click", async () => {
    let answer;
    try { answer = await fetch("/sesi", { method: "POST", headers: { Accept: "application/json" } }); } catch { words.textContent = warning.dataset.away; return; }
    if (answer.ok && !answer.redirected) { warning.hidden = true; warnIn((await answer.json()).ends_in_s); }
    else if (answer.status === 401) { over(); } else { words.textContent = warning.dataset.away; }
  });
}

// The switch to another language goes with the form that was typed in last.
document.addEventListener("input", (event) => {
  const form = event.target.form && event.target.form.getAttribute("id");
  if (form && form.startsWith("isian")) { for (const button of document.querySelectorAll("[data-switch]")) { button.setAttribute("form", form); } }
});

// Files: what was chosen, and how far it is on its way.
for (const input of document.querySelectorAll("input[type=file][data-most]")) {
  input.addEventListener("change", () => {
    const told = document.getElementById(`${input.id}-dipilih`);
    const most = Number(input.dataset.most);
    const large = [...input.files].filter((file) => file.size > most).map((file) => file.name);
    if (told) { told.textContent = large.length ? told.dataset.large + " " + large.join(", ") : [...input.files].map((file) => file.name).join(", "); }
  });
}

// Several at once: all on the page.
for (const all of document.querySelectorAll("[data-all]")) {
  all.hidden = false;
  all.addEventListener("click", () => { for (const box of document.querySelectorAll(`input[name="${all.dataset.all}"]`)) { box.checked = true; } });
}
for (const printer of document.querySelectorAll("[data-print]")) { printer.hidden = false; printer.addEventListener("click", () => window.print()); }
