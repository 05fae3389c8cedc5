// Keys: everything can be done without a mouse.

const KEYS = [
  ["j, →, k, ←", "next case, previous case"],
  ["Enter", "open the case that has the focus"],
  ["Esc", "back to all cases; leave the search"],
  ["/", "search"],
  ["m", "this run, side by side, slider, on top of each other"],
  ["b, l, t, s", "boxes, labels, truth, masks on and off"],
  ["+, −, 0", "larger, smaller, the whole image; a wheel and a double click do, too"],
  ["d", "light or dark"],
  ["?", "this help"],
];

const ZOOM = { "+": 1.5, "=": 1.5, "-": 1 / 1.5, "−": 1 / 1.5 };

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  const isWriting = event.target.closest("input, select, textarea");
  if (event.key === "Escape") escape(event.target, isWriting);
  else if (isWriting) return;
  else if (!act(event.key)) return;
  event.preventDefault();
}

function escape(target, isWriting) {
  if (isWriting) target.blur();
  else if (state.case !== undefined) location.hash = byId("back").hash;
}

/** Whether the key means something. */
function act(key) {
  const item = chosen();
  const step = { j: 1, ArrowRight: 1, k: -1, ArrowLeft: -1 }[key];
  if (step) item ? walk(step) : step && roam(step);
  else if (key === "/") item ? (go({ case: null, of: null, show: null }), setTimeout(() => byId("search").focus())) : byId("search").focus();
  else if (key === "?") byId("help").showModal();
  else if (key === "d") turnTheme();
  else if (!item) return false;
  else if (key === "m") {
    const modes = modesOf(item);
    go({ view: modes[(modes.indexOf(modeOf(item)) + 1) % modes.length] }, true);
  } else if (ZOOM[key]) stage.zoom(ZOOM[key]);
  else if (key === "0") stage.whole();
  else {
    const name = Object.keys(TOGGLES).find((each) => TOGGLES[each][0] === key);
    if (!name) return false;
    byId(`toggle-${name}`).click();
  }
  return true;
}

/** From card to card. */
function roam(by) {
  const links = [...byId("cards").querySelectorAll(".card a")];
  const next = links[links.indexOf(document.activeElement) + by] ?? links[0];
  next?.focus();
  next?.closest(".card").scrollIntoView({ block: "nearest" });
}

function makeHelp() {
  byId("help").replaceChildren(
    h("h2", {}, "Keys"),
    h("dl", {}, KEYS.map(([keys, does]) => h("div", {}, h("dt", {}, keys.split(", ").map((key, n) => [n ? " " : "", h("kbd", {}, key)])), h("dd", {}, does)))),
    h("p", {}, "What you see stands in the address of the page: copy it, and others see the same."),
    h("form", { method: "dialog" }, h("button", {}, "Close ", h("kbd", { "aria-hidden": "true" }, "Esc"))));
}
