// Matching: which cases are shown, in which order.

const CASES = DATA.cases;
const HAS_BEFORE = CASES.some((item) => item.before);
CASES.forEach((item, place) => { item.place = place; });

const answersOf = (item) => [...(item.now ?? []), ...(item.before ?? [])];
const thingsOf = (answer) => [...answer.things, ...(answer.truth ?? []).flatMap((right) => right.things ?? [])];
const labelsOf = (item) => new Set(answersOf(item).flatMap(thingsOf).map((thing) => thing.label).filter(Boolean));
const USABLE = new Set(["ok", "empty", "partial", "skipped"]);
const statusesOf = (item) => new Set((item.now ?? []).map((answer) => answer.status));

function textOf(item) {
  item.text ??= [item.case, DATA.combinations[item.combination], ...Object.values(item.row ?? {}),
    ...answersOf(item).flatMap((answer) => [answer.answer, answer.error, ...thingsOf(answer).map((thing) => thing.label)])]
    .filter(Boolean).join("\n").toLowerCase();
  return item.text;
}

const TESTS = {
  mark: (item, mark) => item.marks.includes(mark),
  check: (item, name) => item.checks.some(([n, held, failed]) => DATA.checks[n][0] === name && failed > 0 && failed >= held),
  held: (item, name) => item.checks.some(([n, held, failed]) => DATA.checks[n][0] === name && held > failed),
  metric: (item, name) => item.scores.some(([n]) => DATA.metrics[n][0] === name),
  cause: (item, name) => DATA.causes.some(([cause, worse, better, combination]) => cause === name
    && item.combination === combination && (state.way === "better" ? better : worse).includes(item.case)),
  way: () => true,
  status: (item, status) => statusesOf(item).has(status),
  unusable: (item) => [...statusesOf(item)].some((status) => !USABLE.has(status)),
  label: (item, label) => labelsOf(item).has(label),
  combination: (item, number) => item.combination === Number(number) - 1,
  q: (item, words) => words.toLowerCase().split(/\s+/).every((word) => textOf(item).includes(word)),
};

/** The cases that fit all filters. */
function matching() {
  const tests = FILTERS.filter((name) => state[name]).map((name) => [TESTS[name], state[name]]);
  const found = CASES.filter((item) => tests.every(([test, value]) => test(item, value)));
  const lacks = (item) => Math.max(...item.scores.filter(([n]) => DATA.metrics[n][0] === state.metric).map((score) => score[2]));
  if (state.metric) found.sort((one, other) => lacks(other) - lacks(one) || one.place - other.place);
  if (state.sort === "name") found.sort((one, other) => one.case.localeCompare(other.case, "en", { numeric: true }));
  const cost = (item) => (item.now ?? []).reduce((sum, answer) => sum + (answer.usd ?? 0), 0);
  if (state.sort === "cost") found.sort((one, other) => cost(other) - cost(one) || one.place - other.place);
  return found;
}

const keyOf = (item) => ({ case: item.case, of: DATA.combinations.length > 1 ? item.combination + 1 : null });

/** The case that the address names. */
function chosen() {
  if (state.case === undefined) return null;
  return CASES.find((item) => item.case === state.case && (!state.of || item.combination === Number(state.of) - 1)) ?? null;
}
