// Cards: the cases that fit the filters, the worst first. They are made as one scrolls.

const STRETCH = 48;
let awaited = null;

/** The answer that is shown first: the one that a failing check is about; else one of which it is known
 * what is right, else one that found something. */
function foremost(answers = [], step = null) {
  const first = answers.filter((answer) => answer.repeat === answers[0].repeat);
  const last = (test) => [...first].reverse().find(test);
  return last((answer) => answer.step === step && answer.images.length) ?? last((answer) => (answer.truth ?? []).some((right) => right.things)) ?? last((answer) => answer.things.length)
    ?? last((answer) => answer.images.length) ?? first.at(-1) ?? null;
}

function cards(found) {
  const list = h("ul", { class: "cards" });
  let next = 0;
  const more = () => {
    for (const item of found.slice(next, next + STRETCH)) list.append(card(item));
    next += STRETCH;
    if (next >= found.length) observer.disconnect();
  };
  const observer = new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && more(), { rootMargin: "900px" });
  const end = h("div", { class: "end" });
  awaited?.disconnect();
  awaited = observer;
  more();
  observer.observe(end);
  window.addEventListener("beforeprint", () => { while (next < found.length) more(); });
  byId("cards").replaceChildren(found.length ? list : nothing(), end);
}

const nothing = () => h("p", { class: "calm" }, "No case fits these filters. ",
  h("a", { href: "#show=cases" }, "Show all cases"));

/** The step that the first failing check of a case is about. */
function failing(item) {
  const found = item.checks.find(([, held, failed]) => failed >= held && failed > 0);
  return found ? DATA.checks[found[0]][2] : null;
}

function card(item) {
  const answer = foremost(item.now, failing(item));
  return h("li", { class: "card" },
    thumb(answer),
    h("div", { class: "about" },
      h("h3", {}, h("a", { href: address({ ...keyOf(item), show: null }), "data-place": item.place }, item.case)),
      DATA.combinations.length > 1 && h("p", { class: "axes" }, DATA.combinations[item.combination]),
      h("p", { class: "marks" }, item.marks.map(markOf)),
      told(item, answer).map((line) => h("p", { class: "told" }, line))));
}

function thumb(answer) {
  const image = answer?.images.at(-1);
  if (!image) return h("p", { class: "thumb absent" }, "no image");
  const found = picture(image.image);
  if (found.tagName === "svg") {
    const here = (things) => things.filter((thing) => thing.image === answer.images.length - 1);
    for (const right of answer.truth ?? []) draw(found, here(right.things ?? []), "truth");
    draw(found, here(answer.things), "now");
  }
  return h("div", { class: "thumb" }, found);
}

/** What one should know of a case, in a few lines. */
function told(item, answer) {
  const lines = [];
  if (item.why?.length) lines.push(`${item.turn}: ${item.why.join(", ")}`);
  for (const [n, held, failed, why] of item.checks) {
    if (failed >= held && failed > 0) lines.push(`${DATA.checks[n][0]}: ${why || "does not hold"}`);
  }
  const mistakes = item.scores.filter(([, , lacks]) => lacks > 0);
  const scores = mistakes.length ? mistakes : item.scores;
  if (scores.length) lines.push(scores.map(([n, value]) => `${DATA.metrics[n][0]}: ${value}`).join(" · "));
  if (answer?.error) lines.push(answer.error);
  else if (answer?.things.length) lines.push(counted(answer));
  else if (answer) lines.push((answer.answer ?? answer.status).slice(0, 160));
  return lines.slice(0, 4);
}

/** `6 things: coin ×5, spoon`. */
function counted(answer) {
  const counts = new Map();
  for (const { label: name } of answer.things) if (name) counts.set(name, (counts.get(name) ?? 0) + 1);
  const names = [...counts].sort((one, other) => other[1] - one[1]).slice(0, 4).map(([name, count]) => (count > 1 ? `${name} ×${count}` : name));
  return `${plural(answer.count, "thing")}${names.length ? `: ${names.join(", ")}` : ""}`;
}
