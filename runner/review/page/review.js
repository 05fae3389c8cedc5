// The review: which answer is looked at, what is said of it, and what of that is saved.

import { listed, values } from "./form.js";
import { Stage } from "./stage.js";

const by = (id) => document.getElementById(id);
const SIGNS = { new: "·", approved: "✓", corrected: "✎", rejected: "✗" };
const WORDS = { new: "not yet looked at", approved: "approved", corrected: "corrected", rejected: "rejected" };

let overview = { items: [], steps: [], undo: 0 };
let item = null; // the answer that is shown, as the server told it
let draft = null; // what it is to become: {things, values}
let chosen = null; // the thing that is chosen
let editing = false;
let busy = false;
let lastLabel = null;

const stage = new Stage(by("stage"), {
  choose, change: redraw, remove, add, name: (thing) => labelOf(thing)?.select(),
});

// -- the server -------------------------------------------------------------------------------------

class Unsaved extends Error {}

async function ask(path, body) {
  const how = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(path, how);
  } catch {
    throw new Unsaved("The review does not answer: it has ended in the terminal. This is not saved.");
  }
  const told = answer.headers.get("Content-Type") === "application/json" ? await answer.json() : {};
  if (answer.ok) return told;
  const failure = new Unsaved(`Not saved: ${told.error ?? `the server said ${answer.status}`}`);
  failure.status = answer.status;
  throw failure;
}

/** Carries something out, one at a time; what fails is told and stays told until something works. */
async function carry(work) {
  if (busy) return false;
  busy = true;
  document.body.setAttribute("aria-busy", "true");
  try {
    await work();
    by("trouble").hidden = true;
    return true;
  } catch (failure) {
    if (!(failure instanceof Unsaved)) console.error(failure);
    by("trouble").textContent = failure.message;
    by("trouble").hidden = false;
    by("saved").textContent = "";
    if (failure.status === 409 && item) await refresh().catch(() => {});
    return false;
  } finally {
    busy = false;
    document.body.removeAttribute("aria-busy");
  }
}

/** After the answer was decided upon elsewhere: shows it as it is now; the draft stays in view. */
async function refresh() {
  overview = await ask("overview");
  const now = await ask(`item/${item.number}`);
  if (!editing) shown(now);
  progress();
  list();
}

// -- which answer -----------------------------------------------------------------------------------

function fits(each) {
  const state = by("filter").value;
  const step = by("step").value;
  return (state === "all" || each.state === state) && (!step || each.step === step);
}

/** The next answer that fits the filter, from here on and around; or one after the other. */
function next(from, way = 1, wanted = fits) {
  const count = overview.items.length;
  for (let by = 1; by <= count; by += 1) {
    const number = (from + way * by + count * 2) % count;
    if (wanted(overview.items[number])) return number;
  }
  return null;
}

async function open(number) {
  if (number === null || !leaves()) return;
  await carry(async () => shown(await ask(`item/${number}`)));
}

/** Whether nothing is lost, or the person agrees: what was corrected, and the note, are saved with a verdict. */
function leaves() {
  if (!item) return true;
  if (editing && isCorrected()) return window.confirm("Leave this answer without saving the correction?");
  const isNoted = by("note").value !== item.note.replace(/\r\n?/g, "\n");
  return !isNoted || window.confirm("Leave this answer without saving the note? Approve, reject or save keeps it.");
}

const isCorrected = () => JSON.stringify(draft) !== JSON.stringify(fresh(item));

const fresh = (of) => ({ things: structuredClone(of.things), values: {} });

function shown(told) {
  item = told;
  draft = fresh(item);
  chosen = null;
  editing = false;
  history.replaceState(null, "", `#${item.number + 1}`);
  by("note").value = item.note;
  stage.show(item);
  list();
  redraw();
}

// -- what is seen -----------------------------------------------------------------------------------

function redraw() {
  const state = { things: draft.things, chosen, editing };
  stage.update(state);
  const active = document.activeElement?.id;
  by("things").replaceChildren(...listed(state, {
    choose, remove, named: () => stage.update({ things: draft.things, chosen, editing }),
  }));
  if (active?.startsWith("label-")) by(active)?.focus();
  by("things-title").hidden = !draft.things.length && !item.adds;
  by("things-title").textContent = `Found: ${draft.things.length}`;
  by("case").textContent = item.case;
  by("about").textContent = [...about()].join(" · ");
  by("verdicts").hidden = editing;
  by("approve").disabled = !item.usable;
  by("editing").hidden = !editing;
  by("add").hidden = !item.adds;
  by("add").lastChild.textContent = ` New ${item.adds ?? ""}`;
  by("hint").hidden = !editing;
  by("hint").textContent = hint();
  by("data").textContent = item.answer;
}

function* about() {
  if (overview.steps.length > 1) yield item.step;
  yield WORDS[item.state];
  if (item.by_run && item.by_run !== overview.run) yield `said of ${item.by_run}`;
  if (item.changed_images) yield "decided before, of another image under this name";
  if (!["ok", "empty"].includes(item.status)) yield `status: ${item.status}`;
  if (item.error) yield item.error;
  if (item.others) yield `the first of ${item.others + 1} answers (matrix, repeat)`;
}

function hint() {
  if (item.adds === "box") return "Drag a box or its corners. Draw a new one where there is none, or anywhere with Shift.";
  if (item.adds === "point") return "Drag a point; click for a new one.";
  if (draft.things.length) return "Outlines stay as they are: relabel or delete them.";
  return "";
}

function form() {
  by("values").replaceChildren(...values(item, draft, editing, (path, value) => { draft.values[path] = value; }));
  const names = item.labels.map((label) => make("option", { value: label }));
  by("labels").replaceChildren(...names);
}

/** The lines of the list, each made once: there may be thousands. */
let lines = [];

function line(each, number) {
  const button = make("button", { type: "button" });
  const sign = make("span");
  sign.setAttribute("role", "img");
  button.append(sign, make("span", { className: "name", textContent: each.case, title: each.case }));
  if (overview.steps.length > 1) button.append(make("small", { textContent: each.step }));
  button.addEventListener("click", () => open(number));
  const whole = make("li");
  whole.append(button);
  return { whole, button, sign, state: null };
}

const make = (name, properties) => Object.assign(document.createElement(name), properties);

function list() {
  for (const [number, each] of overview.items.entries()) {
    const { whole, button, sign, state } = lines[number];
    const isHere = item !== null && number === item.number;
    whole.hidden = !isHere && !fits(each);
    if (isHere !== (button.getAttribute("aria-current") === "true")) button.setAttribute("aria-current", String(isHere));
    if (state === each.state) continue;
    lines[number].state = each.state;
    sign.className = `sign ${each.state}`;
    sign.textContent = SIGNS[each.state];
    sign.setAttribute("aria-label", WORDS[each.state]);
  }
  if (!item) return;
  lines[item.number].button.scrollIntoView({ block: "nearest" });
  form();
}

function progress() {
  const count = overview.items.length;
  const seen = overview.items.filter((each) => each.state !== "new").length;
  by("bar").max = count || 1;
  by("bar").value = seen;
  by("progress").textContent = `${seen} of ${count} looked at`;
  by("undo").disabled = !overview.undo;
}

// -- what is said -----------------------------------------------------------------------------------

async function decide(verdict, correction) {
  if (!item) return;
  const number = item.number;
  await carry(async () => {
    const body = { verdict, note: by("note").value, version: item.version, correction };
    const told = await ask(`decide/${number}`, body);
    took(told);
    const onward = next(number, 1, (each) => each.state === "new" && (!by("step").value || each.step === by("step").value));
    shown(await ask(`item/${onward ?? number}`));
    by("saved").textContent = `${overview.items[number].case}: ${WORDS[told.state]}, saved in ${overview.file}`;
  });
}

function took(told) {
  overview.items[told.number].state = told.state;
  overview.undo = told.undo;
  progress();
}

async function undo() {
  if (editing || !overview.undo || !leaves()) return;
  await carry(async () => {
    const told = await ask("undo", {});
    took(told);
    shown(await ask(`item/${told.number}`));
    by("saved").textContent = `${item.case}: taken back; it is ${WORDS[told.state]}`;
  });
}

function edit() {
  if (!item || editing) return;
  editing = true;
  redraw();
  form();
}

function cancel() {
  if (!editing || (isCorrected() && !window.confirm("Take back what you have corrected?"))) return;
  editing = false;
  draft = fresh(item);
  chosen = null;
  redraw();
  form();
}

function save() {
  if (!editing) return;
  const things = draft.things.map((thing) => ({ was: thing.was ?? null, label: thing.label, image: thing.image,
    ...(thing.was === undefined ? { fields: thing.fields } : {}), ...place(thing) }));
  decide("corrected", { things, values: draft.values });
}

/** The place of a thing, when it is another one than before. */
function place(thing) {
  const was = item.things.find((each) => each.was === thing.was);
  const kind = thing.moves;
  if (!kind) return {};
  const isSame = thing.was !== undefined && was && JSON.stringify(was[kind]) === JSON.stringify(thing[kind]);
  return isSame ? {} : { [kind]: thing[kind] };
}

// -- things -----------------------------------------------------------------------------------------

/** Chooses a thing. In the list (`line`) nothing is made anew: somebody is clicking or typing there. */
function choose(thing, line) {
  if (chosen === thing) return;
  chosen = thing;
  stage.update({ things: draft.things, chosen, editing });
  for (const [position, each] of [...by("things").children].entries()) {
    each.classList.toggle("chosen", draft.things[position] === thing);
  }
  if (thing && !line) stage.focus(thing);
}

function labelOf(thing) {
  return by(`label-${draft.things.indexOf(thing)}`);
}

function add(image, where) {
  const label = item.labelled ? lastLabel ?? item.labels[0] ?? null : null;
  const numbers = draft.things.map((each) => Number(each.n)).filter(Number.isFinite);
  const same = draft.things.find((each) => each.label === label);
  const thing = { n: Math.max(0, ...numbers) + 1, label, image, ...where, moves: item.adds,
    relabels: item.labelled, fields: {}, colour: same?.colour ?? numbers.length % 7 };
  draft.things.push(thing);
  chosen = thing;
  redraw();
  form();
  if (item.labelled) labelOf(thing)?.select();
  else stage.focus(thing);
}

function remove(thing) {
  const position = draft.things.indexOf(thing);
  draft.things.splice(position, 1);
  chosen = draft.things[Math.min(position, draft.things.length - 1)] ?? null;
  redraw();
  form();
  if (chosen) stage.focus(chosen);
  else by("save").focus();
}

function addInTheMiddle() {
  if (!editing || !item.adds) return;
  const image = item.images.length - 1;
  const { width, height } = item.images[image];
  if (!width) return;
  const box = [width * 0.4, height * 0.4, width * 0.6, height * 0.6].map(Math.round);
  add(image, item.adds === "box" ? { box } : { point: [width / 2, height / 2] });
  stage.focus(chosen);
}

// -- the baseline -----------------------------------------------------------------------------------

async function accept() {
  const unseen = overview.items.filter((each) => each.state === "new").length;
  const rejected = overview.items.filter((each) => each.state === "rejected").length;
  const told = [
    "Make this run the baseline that `askpix test` compares with?",
    unseen ? `${unseen} of ${overview.items.length} answers are not yet looked at.` : "All answers are looked at.",
    rejected ? `${rejected} ${rejected === 1 ? "is" : "are"} rejected.` : "",
    "A baseline is the run as it was answered; corrections stand in the file of truth.",
  ];
  by("told").hidden = true;
  by("yes").hidden = false;
  by("question").textContent = told.filter(Boolean).join(" ");
  by("ask").showModal();
  const changes = await ask("accept/look", {}).catch((failure) => ({ lines: [wordsOf(failure)] }));
  if (by("yes").hidden || !changes.lines.length) return;
  by("told").textContent = changes.lines.join("\n");
  by("told").hidden = false;
}

const wordsOf = (failure) => failure.message.replace(/^Not saved: /, "");

by("yes").addEventListener("click", async (event) => {
  event.preventDefault();
  try {
    const told = await ask("accept", {});
    by("question").textContent = "Accepted.";
    by("told").textContent = told.lines.join("\n");
  } catch (failure) {
    by("question").textContent = "Nothing was accepted.";
    by("told").textContent = wordsOf(failure);
  }
  by("told").hidden = false;
  by("yes").hidden = true;
});

// -- the size of the images -------------------------------------------------------------------------

let times = 1;

function zoom(now) {
  times = Math.min(Math.max(now, 1), 16);
  by("fitting").textContent = times === 1 ? "Fit" : `${Math.round(times * 100)} %`;
  if (item) stage.zoom(times);
}

// -- buttons and keys -------------------------------------------------------------------------------

const KEYS = {
  a: () => editing || decide("approved"),
  x: () => editing || decide("rejected"),
  e: edit,
  u: undo,
  s: save,
  n: addInTheMiddle,
  j: () => item && open(next(item.number)),
  k: () => item && open(next(item.number, -1)),
  "+": () => zoom(times * 1.5),
  "-": () => zoom(times / 1.5),
  0: () => zoom(1),
  Escape: cancel,
};

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.("input, textarea, select, dialog");
  if (event.key === "Escape" && isTyping && !event.target.closest("dialog")) event.target.blur();
  else if (event.key === "Enter" && event.target.id?.startsWith("label-") && chosen) stage.focus(chosen);
  else if (!isTyping && !event.ctrlKey && !event.metaKey && !event.altKey && KEYS[event.key]) KEYS[event.key]();
  else return;
  event.preventDefault();
});

document.addEventListener("input", (event) => {
  if (event.target.id?.startsWith("label-")) lastLabel = event.target.value.trim() || lastLabel;
});

for (const [id, act] of Object.entries({ approve: KEYS.a, reject: KEYS.x, edit, undo, save, cancel, add: addInTheMiddle, accept,
  larger: KEYS["+"], smaller: KEYS["-"], fitting: KEYS[0] })) {
  by(id).addEventListener("click", act);
}
for (const id of ["filter", "step"]) {
  by(id).addEventListener("change", () => {
    list();
    if (item && !fits(overview.items[item.number])) open(next(item.number));
  });
}
window.addEventListener("beforeunload", (event) => {
  if (editing && JSON.stringify(draft) !== JSON.stringify(fresh(item))) event.preventDefault();
});

await carry(async () => {
  overview = await ask("overview");
  document.title = `${overview.workflow}: askpix review`;
  by("run").textContent = overview.run;
  by("simulated").hidden = !overview.simulated;
  const every = new Option("all steps", "");
  by("step").replaceChildren(every, ...overview.steps.map((step) => new Option(step, step)));
  by("step-label").hidden = overview.steps.length < 2;
  lines = overview.items.map(line);
  by("list").replaceChildren(...lines.map((each) => each.whole));
  progress();
  const wanted = Number(location.hash.slice(1)) - 1;
  const first = overview.items[wanted] ? wanted : next(-1, 1, (each) => each.state === "new") ?? 0;
  shown(await ask(`item/${first}`));
});
