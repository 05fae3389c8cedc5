// The page: what the address says is shown.

const THEMES = ["auto", "light", "dark"];
let leftFrom = null;

function theme() {
  try {
    return localStorage.getItem("askpix-theme") ?? "auto";
  } catch {
    return document.documentElement.dataset.theme ?? "auto";
  }
}

function turnTheme() {
  const now = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
  try {
    localStorage.setItem("askpix-theme", now);
  } catch {
    // a page that was opened from a disk may not keep anything
  }
  setTheme(now);
}

function setTheme(now) {
  document.documentElement.dataset.theme = now;
  byId("theme").textContent = `${{ auto: "◐", light: "☀", dark: "☾" }[now]} ${now}`;
}

function show() {
  const item = chosen();
  const found = matching();
  const wasDetail = !byId("detail").hidden;
  byId("detail").hidden = !item;
  byId("overall").hidden = Boolean(item);
  document.documentElement.classList.toggle("in-detail", Boolean(item));
  document.title = item ? `${item.case} – ${TITLE}` : TITLE;
  if (item) {
    if (!wasDetail) leftFrom = { place: item.place, top: scrollY };
    const isOther = showDetail.last !== item;
    showDetail(item, found);
    showDetail.last = item;
    if (!wasDetail || isOther) {
      byId("case-title").focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    return;
  }
  tellFilters(found);
  cards(found);
  showDetail.last = showDetail.seen = null;
  if (wasDetail) comeBack();
  else if (state.show === "cases") reveal();
}

/** To the card of the case that was open. */
function comeBack() {
  const link = byId("cards").querySelector(`[data-place="${leftFrom?.place}"]`) ?? byId("cases-title");
  link.focus({ preventScroll: true });
  link.scrollIntoView({ block: "center" });
}

function reveal() {
  byId("cases-title").scrollIntoView();
  byId("cases-title").focus({ preventScroll: true });
}

const TITLE = document.title;
byId("tools").append(
  h("button", { type: "button", id: "theme", "aria-label": "Light or dark", onclick: turnTheme }),
  h("button", { type: "button", "aria-label": "Keys", onclick: () => byId("help").showModal() }, "? ", h("span", {}, "keys")));
document.documentElement.classList.add("runs");
setTheme(theme());
makeFilters();
makeDetail();
makeHelp();
read();
show();
addEventListener("hashchange", () => { read(); show(); });
addEventListener("keydown", onKey);
