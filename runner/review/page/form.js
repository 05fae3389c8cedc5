// The form: the labels and the plain values of an answer, to be read or to be corrected.

function make(name, properties, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

/** The things of an answer as a list; `events` are those of the stage. */
export function listed({ things, chosen, editing }, events) {
  return things.map((thing, position) => {
    const number = make("span", { className: `number c${thing.colour ?? 0}`, textContent: thing.n });
    const line = make("li", { className: thing === chosen ? "chosen" : "" }, number);
    line.addEventListener("click", () => events.choose(thing, line));
    line.addEventListener("focusin", () => events.choose(thing, line));
    if (editing && thing.relabels) line.append(label(thing, position, events));
    else line.append(make("span", { className: "name", textContent: thing.label ?? "(no label)" }));
    if (editing) {
      const remove = make("button", { type: "button", textContent: "Delete" });
      remove.setAttribute("aria-label", `Delete ${thing.n}: ${thing.label ?? ""}`);
      remove.addEventListener("click", (event) => {
        event.stopPropagation();
        events.remove(thing);
      });
      line.append(remove);
    }
    return line;
  });
}

function label(thing, position, events) {
  const input = make("input", { id: `label-${position}`, value: thing.label ?? "", maxLength: 1000 });
  input.setAttribute("list", "labels");
  input.setAttribute("aria-label", `Label of ${thing.n}`);
  input.addEventListener("input", () => {
    thing.label = input.value.trim() || null;
    events.named(thing);
  });
  return input;
}

/** The plain values of an answer, and after them those of new things; `change` is told the path and
 * the new value. */
export function values(item, draft, editing, change) {
  const told = item.values.map((leaf, position) => value(leaf, draft.values, position, editing, change));
  const added = draft.things.filter((thing) => thing.was === undefined);
  const asked = added.flatMap((thing) => item.fields.map((leaf, position) => {
    const titled = { ...leaf, title: `${thing.n}: ${leaf.title}` };
    return value(titled, thing.fields, `${thing.n}-${position}`, editing, (name, now) => { thing.fields[name] = now; });
  }));
  return [...told, ...asked];
}

function value(leaf, changed, position, editing, change) {
  const now = leaf.path in changed ? changed[leaf.path] : leaf.value;
  if (!editing) {
    const told = now === null ? "—" : Array.isArray(now) ? now.join("\n") : said(now);
    return make("div", { className: "value" }, make("strong", { textContent: leaf.title }),
      make("pre", { textContent: told }));
  }
  const field = fields[leaf.kind](leaf, now, position, (next) => change(leaf.path, next));
  return make("label", { className: "value" }, leaf.title, ...[field].flat());
}

const said = (value) => (value === true ? "yes" : value === false ? "no" : String(value));

function selected(choices, value, change) {
  const field = make("select", {}, ...choices.map(([key, text]) => make("option", { value: key, textContent: text })));
  field.value = value;
  field.addEventListener("change", () => change(field.value));
  return field;
}

const fields = {
  text(leaf, value, position, change) {
    if (leaf.only) return selected([["", "—"], ...leaf.words.map((word) => [word, word])], value ?? "", (now) => change(now || null));
    const isLong = (value ?? "").length > 60 || (value ?? "").includes("\n") || !leaf.path;
    const field = make(isLong ? "textarea" : "input", { value: value ?? "" });
    if (isLong) field.rows = Math.min(12, 2 + Math.floor((value ?? "").length / 40));
    field.addEventListener("input", () => change(field.value));
    if (isLong || !leaf.words.length) return field;
    field.setAttribute("list", `words-${position}`);
    const words = leaf.words.map((word) => make("option", { value: word }));
    return [field, make("datalist", { id: `words-${position}` }, ...words)];
  },
  number(leaf, value, position, change) {
    const field = make("input", { type: "number", step: "any", value: value ?? "" });
    field.addEventListener("input", () => change(field.value === "" ? null : field.valueAsNumber));
    return field;
  },
  yes_no(leaf, value, position, change) {
    const choices = [["", "—"], ["true", "yes"], ["false", "no"]];
    return selected(choices, value === null ? "" : String(value), (now) => change(now === "" ? null : now === "true"));
  },
  texts(leaf, value, position, change) {
    const field = make("textarea", { value: (value ?? []).join("\n"), rows: 2 + (value ?? []).length });
    field.title = "one a line";
    field.addEventListener("input", () => change(field.value.split("\n").filter((each) => each.trim())));
    return field;
  },
};
