// Detail: one case in large, with all that is known of it.

let stage = null;
let shown = [];
let lit = null;

const TOGGLES = { boxes: ["b", "Boxes"], labels: ["l", "Labels"], truth: ["t", "Truth"], masks: ["s", "Masks"] };

function makeDetail() {
  const toggle = (name) => h("button", { type: "button", id: `toggle-${name}`, "aria-pressed": "true", "data-hides": name,
    onclick: () => go({ hide: hidden().includes(name) ? hidden().filter((each) => each !== name).join(" ") : [...hidden(), name].join(" ") }, true) },
    TOGGLES[name][1], " ", h("kbd", { "aria-hidden": "true" }, TOGGLES[name][0]));
  const zoom = (text, name, act) => h("button", { type: "button", "aria-label": name, onclick: act }, text);
  byId("detail").replaceChildren(
    h("nav", { id: "list", "aria-label": "Cases" }),
    h("div", { class: "case" },
      h("div", { class: "case-top" },
        h("a", { id: "back", href: "#" }, "← All cases"),
        h("h2", { id: "case-title", tabindex: "-1" }),
        h("p", { class: "marks", id: "case-marks" }),
        h("p", { class: "walk" },
          h("button", { type: "button", id: "previous", onclick: () => walk(-1) }, "↑", h("span", {}, " previous "), h("kbd", { "aria-hidden": "true" }, "k")),
          h("span", { id: "position", role: "status" }),
          h("button", { type: "button", id: "next", onclick: () => walk(1) }, "↓", h("span", {}, " next "), h("kbd", { "aria-hidden": "true" }, "j")))),
      h("div", { class: "bar", role: "group", "aria-label": "What is shown of the image" },
        h("div", { id: "modes", role: "group", "aria-label": "Before and after" }),
        h("div", { id: "answers" }),
        h("div", { class: "toggles" }, Object.keys(TOGGLES).map(toggle)),
        h("div", { class: "zoom" }, zoom("−", "Smaller", () => stage.zoom(1 / 1.5)), h("output", { id: "zoom", "aria-label": "Size" }),
          zoom("+", "Larger", () => stage.zoom(1.5)), zoom("⤢", "The whole image", () => stage.whole()))),
      h("div", { class: "body" },
        h("div", { class: "seen" }, h("div", { id: "stage" }), h("p", { id: "legend", class: "legend" })),
        h("div", { id: "facts" }))));
  stage = new Stage(byId("stage"), { over: light, pick });
}

const hidden = () => (state.hide ?? "").split(" ").filter((name) => name in TOGGLES);
const modesOf = (item) => (item.before ? Object.keys(MODES) : ["now"]);
const modeOf = (item) => (modesOf(item).includes(state.view) ? state.view : item.before ? (isNarrow() ? "slider" : "side") : "now");

function answerOf(item, answers) {
  const found = (answers ?? []).filter((answer) => (!state.step || answer.step === state.step) && answer.repeat === Number(state.repeat ?? 1));
  return state.step ? found[0] ?? foremost(answers) : foremost(found.length ? found : answers, failing(item));
}

function showDetail(item, found) {
  shown = found.includes(item) ? found : [item, ...found];
  const place = shown.indexOf(item);
  const now = answerOf(item, item.now);
  const before = (item.before ?? []).find((answer) => answer.step === now?.step && answer.repeat === now?.repeat)
    ?? (item.before ?? []).find((answer) => answer.step === now?.step) ?? null;
  byId("back").href = address({ case: null, of: null, step: null, repeat: null, show: "cases" });
  byId("case-title").replaceChildren(item.case, DATA.combinations.length > 1 ? h("small", {}, ` ${DATA.combinations[item.combination]}`) : "");
  byId("case-marks").replaceChildren(...item.marks.map(markOf));
  byId("position").textContent = `${place + 1} of ${shown.length}`;
  byId("previous").disabled = place === 0;
  byId("next").disabled = place === shown.length - 1;
  const mode = modeOf(item);
  const seen = [item.place, mode, now?.step, now?.repeat, place, shown.length].join();
  if (seen === showDetail.seen) return hide();
  showDetail.seen = seen;
  showModes(item, mode);
  showAnswers(item, now);
  stage.show(item, now, before, mode);
  hide();
  byId("facts").replaceChildren(...aside(item, now, before, mode).filter(Boolean));
  showLegend(now, before, mode);
  const all = [now, before].filter(Boolean).flatMap(thingsOf);
  byId("toggle-truth").hidden = !(now?.truth ?? []).some((right) => right.things?.length);
  byId("toggle-masks").hidden = !all.some((thing) => thing.path);
  byId("toggle-boxes").hidden = byId("toggle-labels").hidden = !all.length;
  showList(place);
  light(null);
}

/** Shows and hides what the toggles say, without drawing it anew. */
function hide() {
  for (const name of Object.keys(TOGGLES)) {
    byId("stage").classList.toggle(`no-${name}`, hidden().includes(name));
    byId(`toggle-${name}`).setAttribute("aria-pressed", String(!hidden().includes(name)));
  }
  stage.label();
}

function showModes(item, mode) {
  const hasFocus = byId("modes").contains(document.activeElement);
  byId("modes").replaceChildren(...(item.before ? modesOf(item) : []).map((name) =>
    h("button", { type: "button", "aria-pressed": String(name === mode), onclick: () => go({ view: name }, true) }, MODES[name])),
  item.before ? h("kbd", { "aria-hidden": "true" }, "m") : "");
  if (hasFocus) byId("modes").querySelector("[aria-pressed=true]")?.focus();
}

function showAnswers(item, now) {
  const steps = [...new Set((item.now ?? []).map((answer) => answer.step))];
  const repeats = [...new Set((item.now ?? []).map((answer) => answer.repeat))];
  const select = (name, word, values, value) => values.length > 1 && h("label", {}, `${word} `,
    h("select", { onchange: (event) => go({ [name]: event.target.value }, true) },
      values.map((each) => h("option", { value: each, selected: each === value }, String(each)))));
  byId("answers").replaceChildren(...[select("step", "Step", steps, now?.step), select("repeat", "Repeat", repeats, now?.repeat)].filter(Boolean));
}

function showLegend(now, before, mode) {
  const sample = (kind, text) => h("span", { class: "sample" },
    s("svg", { viewBox: "0 0 34 10", class: `thing ${kind}`, "aria-hidden": "true" }, s("path", { d: "M1 5h32", class: "under" }), s("path", { d: "M1 5h32", class: "line" })), text);
  const isRight = (now?.truth ?? []).some((right) => right.things?.length);
  byId("legend").replaceChildren(...[
    (now?.things.length || before?.things.length) && sample("now", mode === "over" ? "found now" : "found"),
    before && mode === "over" && sample("before", "found before"),
    [now, before].some((answer) => answer?.things.some((thing) => thing.alone)) && mode !== "now" && h("span", {}, "+ found only now, − found only before"),
    isRight && sample("truth", "what is right"),
  ].filter(Boolean));
}

function showList(place) {
  const first = Math.max(0, place - 60);
  byId("list").replaceChildren(h("ol", { start: first + 1 }, shown.slice(first, place + 140).map((item) => h("li", {},
    h("a", { href: address({ ...keyOf(item), step: null, repeat: null }), "aria-current": item === shown[place] ? "true" : null },
      h("span", { class: `sign ${TONES[item.marks[0]]}`, "aria-hidden": "true" }, SIGNS.get(item.marks[0])),
      h("span", { class: "name" }, item.case),
      DATA.combinations.length > 1 && h("small", {}, `№ ${item.combination + 1}`), h("span", { class: "unseen" }, `, ${item.marks[0]}`))))));
  const here = byId("list").querySelector("[aria-current]");
  if (here) byId("list").scrollTop = here.offsetTop - byId("list").clientHeight / 2;
}

// -- what is said beside the image -------------------------------------------------------------------

function aside(item, now, before, mode) {
  const things = [
    ...(now?.things ?? []).map((thing) => ["now", thing]),
    ...(mode === "now" ? [] : (before?.things ?? []).map((thing) => ["before", thing])),
    ...(now?.truth ?? []).flatMap((right) => (right.things ?? []).map((thing) => ["truth", thing])),
  ];
  return [
    item.why?.length && block("Since before", h("p", {}, markOf(item.turn), ` by ${item.why.join(", ")}`)),
    (item.checks.length || item.scores.length) && block("Checks", checksOf(item)),
    now?.error && block("What went wrong", h("p", { class: "error" }, now.error)),
    things.length && block("Things", table(things)),
    (now?.truth ?? []).some((right) => right.text || right.why) && block("What is right", (now.truth ?? []).filter((right) => right.text || right.why)
      .map((right) => h("p", {}, h("strong", {}, right.name), ` ${right.text ?? right.why}`))),
    now?.entries && block("Parts", h("ol", { class: "entries" }, now.entries.map((entry) => h("li", {}, h("strong", {}, entry.status), ` ${entry.error ?? entry.text ?? ""}`)))),
    now?.issues && block("Noticed", h("ul", {}, now.issues.map((issue) => h("li", {}, issue)))),
    now?.answer && folded("Answer", h("pre", { tabindex: "0" }, now.answer), !things.length),
    before?.answer && before.answer !== now?.answer && folded("Answer before", h("pre", { tabindex: "0" }, before.answer), !things.length),
    item.row && folded("Row of the table", pairs(Object.entries(item.row)), false),
    promptOf(now),
    now && block("What it took", pairs(tookOf(now, before))),
  ];
}

const block = (title, ...children) => h("section", {}, h("h3", {}, title), children);
const folded = (title, child, open) => h("details", { open }, h("summary", {}, title), child);
const pairs = (entries) => h("dl", {}, entries.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))));

function checksOf(item) {
  const rows = item.checks.map(([n, held, failed, why]) => {
    const mark = held > failed ? ["good", "✓", "holds"] : failed ? ["bad", "✗", "does not hold"] : ["calm", "–", "not judged"];
    const times = held + failed > 1 ? ` in ${held} of ${held + failed} repeats` : "";
    return h("li", {}, h("span", { class: `mark ${mark[0]}` }, h("span", { "aria-hidden": "true" }, mark[1]), ` ${mark[2]}${times}`),
      " ", h("strong", {}, DATA.checks[n][0]), why && h("p", {}, why));
  });
  const scores = item.scores.map(([n, value]) => h("li", {}, h("strong", {}, DATA.metrics[n][0]), `: ${value} for this case`));
  return h("ul", { class: "checks" }, rows, scores);
}

const KINDS = { now: "now", before: "before", truth: "right" };

function table(things) {
  const kinds = new Set(things.map(([kind]) => kind));
  const hasScore = things.some(([, thing]) => thing.score !== undefined);
  const numbers = (list) => (list ? list.map((each) => Math.round(each)).join(", ") : "—");
  const row = ([kind, thing]) => {
    const key = `${kind}-${thing.n}`;
    const dot = h("span", { class: `swatch ${kind}`, "aria-hidden": "true" });
    dot.style.setProperty("--c", kind === "truth" ? "#ffffff" : DATA.colours[thing.colour]);
    const alone = thing.alone ? (kind === "before" ? " − gone" : " + new") : "";
    return h("tr", { "data-key": key, onpointerenter: () => light(key), onpointerleave: () => light(null) },
      h("td", {}, h("button", { type: "button", class: "pick", "aria-label": `${KINDS[kind]} ${thing.n}: ${thing.label ?? "without a label"}`,
        onfocus: () => light(key), onblur: () => light(null), onclick: () => pick(key) }, dot, String(thing.n))),
      kinds.size > 1 && h("td", { class: "in" }, KINDS[kind], alone && h("strong", {}, alone)),
      h("td", { class: "label" }, thing.label ?? "—", thing.fields && h("small", {}, ` ${thing.fields}`), thing.issues && h("small", { class: "issue" }, ` ! ${thing.issues.join("; ")}`)),
      h("td", { class: "number" }, numbers(thing.box ?? thing.point)),
      hasScore && h("td", { class: "number" }, thing.score ?? "—"));
  };
  const heads = ["№", ...(kinds.size > 1 ? ["in"] : []), "label", "pixels", ...(hasScore ? ["score"] : [])];
  return h("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Things" },
    h("table", { class: "things" }, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, things.map(row))));
}

function promptOf(answer) {
  const step = DATA.steps.find((each) => each.id === answer?.step);
  if (!step?.prompt) return null;
  const texts = [step.system, step.prompt].filter(Boolean);
  return folded("Prompt", h("div", {}, texts.map((text) => h("pre", { tabindex: "0" }, text))), false);
}

function tookOf(now, before) {
  const told = [];
  const both = (name, of) => {
    const [old, fresh] = [before && of(before), of(now)];
    if (fresh !== undefined && fresh !== null) told.push([name, old !== null && old !== undefined && old !== fresh ? `${old} → ${fresh}` : fresh]);
  };
  both("status", (answer) => answer.status);
  both("model", (answer) => answer.model);
  both("cost", (answer) => answer.cost);
  both("attempts", (answer) => (answer.model ? answer.attempts : null));
  both("seconds", (answer) => (answer.model ? answer.seconds : null));
  for (const [name, count] of Object.entries(now.tokens ?? {})) told.push([`${name.replaceAll("_", " ")}`, count.toLocaleString("en")]);
  return told;
}

// -- things in the image and in the table, together ---------------------------------------------------

function light(key) {
  lit = key;
  for (const node of byId("detail").querySelectorAll(".lit")) node.classList.remove("lit");
  byId("stage").classList.toggle("lights", key !== null);
  if (key === null) return;
  for (const node of byId("detail").querySelectorAll(`[data-key="${key}"]`)) node.classList.add("lit");
}

/** Chosen in the image: its row comes into sight. */
function pick(key) {
  const row = byId("facts").querySelector(`tr[data-key="${key}"]`);
  row?.scrollIntoView({ block: "nearest" });
  row?.querySelector("button").focus({ preventScroll: true });
}

function walk(by) {
  const item = chosen();
  const next = shown[shown.indexOf(item) + by];
  if (next) go({ ...keyOf(next), step: null, repeat: null });
}
