// Chooses organisation, period and theme, and keeps the choice in the address. Without it all is there, unchosen.
"use strict";

const form = document.getElementById("chooser");
const [organisation, period, theme] = ["organisation", "period", "theme"].map((id) => document.getElementById(id));

function offered(select, value) {
  return [...select.options].some((option) => option.value === value);
}

function address(path) {
  const choice = new URLSearchParams({ period: period.value, theme: theme.value });
  return `${path}?${choice}`;
}

function matches(element) {
  const inPeriod = period.value === "all" || !element.dataset.period || element.dataset.period === period.value;
  const inTheme = theme.value === "all" || element.dataset.theme === undefined || element.dataset.theme.split(" ").includes(theme.value);
  return inPeriod && inTheme;
}

function said(follows) {
  const parts = [];
  if (follows.includes("period")) parts.push(period.selectedOptions[0].text);
  if (follows.includes("theme")) parts.push(theme.selectedOptions[0].text);
  return `Shown: ${parts.join("; ")}`;
}

function show() {
  for (const element of document.querySelectorAll("[data-period], [data-theme]")) element.hidden = !matches(element);
  // Of a theme, its quarters stand in one table.
  for (const element of document.querySelectorAll("[data-theme-only]")) {
    element.hidden = element.dataset.themeOnly !== theme.value || period.value !== "all";
  }
  for (const block of document.querySelectorAll("div[data-period]")) {
    const rows = [...block.querySelectorAll("[data-theme]")];
    const single = theme.value !== "all" && period.value === "all";
    if (single || (rows.length && rows.every((row) => row.hidden))) block.hidden = true;
  }
  for (const row of document.querySelectorAll("[data-period-row]")) row.classList.toggle("sp-chosen", row.dataset.periodRow === period.value);
  for (const line of document.querySelectorAll("[data-follows]")) {
    line.hidden = !line.closest("section").querySelector("[data-period], [data-theme]");
    line.textContent = said(line.dataset.follows);
  }
  for (const message of document.querySelectorAll("[data-no-match]")) {
    const found = message.closest("section").querySelectorAll("[data-period], [data-theme], [data-theme-only]");
    const shown = [...found].filter((element) => !element.hidden && !element.parentElement.closest("[hidden]"));
    message.hidden = shown.some((element) => element.dataset.theme !== undefined || element.dataset.themeOnly || element.matches("article"));
    for (const table of message.closest("section").querySelectorAll("table.sp-stack")) table.hidden = !message.hidden;
  }
  document.getElementById("link").href = address(location.pathname.split("/").pop() || "index.html");
  for (const link of document.querySelectorAll("a[data-keep]")) link.href = address(link.getAttribute("href").split("?")[0]);
}

function choose() {
  const asked = new URLSearchParams(location.search);
  for (const select of [period, theme]) {
    if (offered(select, asked.get(select.name))) select.value = asked.get(select.name);
  }
  show();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const path = form.dataset.root + organisation.value;
  if (new URL(path, location.href).pathname !== location.pathname) {
    location.href = address(path);
    return;
  }
  history.pushState(null, "", address(location.pathname.split("/").pop()));
  show();
});
window.addEventListener("popstate", choose);
form.hidden = false;
choose();
