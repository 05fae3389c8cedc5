// Elements: whatever is told becomes text, never markup.

const DATA = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false && child !== "") node.append(child);
  }
  return node;
}

/** An HTML element; an attribute `onclick` is a function that is called then. */
const h = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);

/** An SVG element. */
const s = (tag, attributes = {}, ...children) => filled(document.createElementNS(SVG, tag), attributes, children);

const plural = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
const SIGNS = new Map(DATA.marks);
const TONES = { worse: "bad", fails: "bad", "no answer": "bad", warns: "warn", partly: "warn", mistakes: "warn",
  flaky: "warn", changed: "calm", better: "good", fine: "good" };

/** A mark as a sign, a word and a colour. */
const markOf = (mark) => h("span", { class: `mark ${TONES[mark]}` }, h("span", { "aria-hidden": "true" }, SIGNS.get(mark)), ` ${mark}`);
