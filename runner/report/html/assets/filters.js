// Filters: what one looks for among the cases.

const NAMES = { mark: "Show", status: "Status", check: "Failed check", label: "Label", combination: "Combination" };

const distinct = (of) => [...new Set(CASES.flatMap((item) => [...of(item)]))];

function options() {
  const counts = new Map(DATA.marks.map(([mark]) => [mark, CASES.filter((item) => item.marks.includes(mark)).length]));
  const failing = distinct((item) => item.checks.filter(([, held, failed]) => failed > 0 && failed >= held).map(([n]) => DATA.checks[n][0]));
  const some = (names) => names.map((name) => [name, name]);
  return {
    mark: DATA.marks.filter(([mark]) => counts.get(mark)).map(([mark, sign]) => [mark, `${sign} ${mark} (${counts.get(mark)})`]),
    check: some(failing),
    status: some(distinct(statusesOf)),
    label: some(distinct(labelsOf).sort()),
    combination: DATA.combinations.length > 1 ? DATA.combinations.map((name, n) => [String(n + 1), name]) : [],
  };
}

function makeFilters() {
  const search = h("input", { type: "search", id: "search", placeholder: "name, label, answer …", autocomplete: "off",
    oninput: () => go({ q: search.value.trim(), case: null }, true) });
  const chosenOf = Object.entries(options()).filter(([name, all]) => all.length > (name === "check" ? 0 : 1)).map(([name, all]) => {
    const select = h("select", { id: `filter-${name}`, onchange: () => go({ [name]: select.value }, true) },
      h("option", { value: "" }, name === "mark" ? `all (${CASES.length})` : "any"),
      all.map(([value, text]) => h("option", { value }, text)));
    return h("div", { class: "field" }, h("label", { for: select.id }, NAMES[name]), select);
  });
  const sort = h("select", { id: "sort", onchange: () => go({ sort: sort.value }, true) },
    h("option", { value: "" }, "the worst first"), h("option", { value: "name" }, "by name"), h("option", { value: "cost" }, "the dearest first"));
  byId("filters").replaceChildren(
    h("div", { class: "fields", role: "search", "aria-label": "Cases" },
      h("div", { class: "field wide-field" }, h("label", { for: "search" }, "Search ", h("kbd", {}, "/")), search),
      chosenOf,
      h("div", { class: "field" }, h("label", { for: "sort" }, "Order"), sort)),
    h("p", { id: "found", role: "status" }), h("ul", { id: "chips", "aria-label": "Filters in use" }));
}

/** The filters as the address has them, and how many cases fit. */
function tellFilters(found) {
  for (const name of Object.keys(NAMES)) {
    const select = byId(`filter-${name}`);
    if (select) select.value = state[name] ?? "";
  }
  byId("sort").value = state.sort ?? "";
  if (document.activeElement !== byId("search")) byId("search").value = state.q ?? "";
  byId("found").textContent = found.length === CASES.length ? `${plural(CASES.length, "case")}, ${byId("sort").selectedOptions[0].textContent}`
    : `${found.length.toLocaleString("en")} of ${plural(CASES.length, "case")}`;
  const used = FILTERS.filter((name) => state[name] && name !== "way");
  byId("chips").replaceChildren(...used.map((name) => {
    const value = name === "combination" ? DATA.combinations[state[name] - 1] : state[name];
    const told = { cause: `${state.way}: ${value}`, q: `search: ${value}`, unusable: "without usable answer" };
    const shown = told[name] ?? `${name}: ${value}`;
    return h("li", {}, h("a", { href: address({ [name]: null, way: name === "cause" ? null : state.way }), "aria-label": `Without ${shown}` }, shown, " ✕"));
  }));
}
