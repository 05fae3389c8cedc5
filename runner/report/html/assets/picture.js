// Picture: an image with what is drawn on it, in pixels of the upright original.

const MOST_LABELS = 40;

/** An image of an answer as SVG, or why there is none. `alt` says what it shows. */
function picture(number, alt) {
  const image = DATA.images[number];
  if (!image?.src || !image.w) return h("p", { class: "absent" }, `⊘ ${image?.name ?? ""}: ${image?.why ?? "of unknown size"}`);
  const svg = s("svg", { viewBox: `0 0 ${image.w} ${image.h}`, class: "picture", role: alt ? "img" : null,
    "aria-label": alt, "aria-hidden": alt ? null : "true" },
    s("image", { href: image.src, width: image.w, height: image.h, preserveAspectRatio: "none" }),
    s("g", { class: "layer" }), s("g", { class: "tags" }));
  svg.style.setProperty("--shape", image.w / image.h);
  svg.image = image;
  return svg;
}

const cornersOf = (thing) => thing.box ?? (thing.point ? [...thing.point, ...thing.point] : null);
const areaOf = (thing) => (thing.box ? (thing.box[2] - thing.box[0]) * (thing.box[3] - thing.box[1]) : 0);

/** Draws things of one kind (`now`, `before`, `truth`) on a picture; a small one lies on a large one. */
function draw(svg, things, kind, events = {}) {
  const layer = svg.querySelector(".layer");
  for (const thing of [...things].sort((one, other) => areaOf(other) - areaOf(one))) {
    const group = s("g", { class: `thing ${kind}`, "data-key": `${kind}-${thing.n}` }, shapes(thing));
    group.style.setProperty("--c", kind === "truth" ? "#ffffff" : DATA.colours[thing.colour]);
    group.thing = thing;
    group.kind = kind;
    if (events.over) {
      group.addEventListener("pointerenter", () => events.over(group.dataset.key));
      group.addEventListener("pointerleave", () => events.over(null));
      group.addEventListener("click", () => events.pick(group.dataset.key));
    }
    layer.append(group);
  }
}

function shapes(thing) {
  const found = [];
  const twice = (tag, attributes) => {
    found.push(s(tag, { ...attributes, class: "under" }), s(tag, { ...attributes, class: "line" }));
  };
  if (thing.path) {
    found.push(s("path", { d: thing.path, class: "fill" }));
    twice("path", { d: thing.path });
  }
  if (thing.box) {
    const [x, y, right, lower] = thing.box;
    const sides = { x, y, width: Math.max(0, right - x), height: Math.max(0, lower - y) };
    found.push(s("rect", { ...sides, class: "hit" }));
    if (!thing.path) twice("rect", sides);
    else twice("rect", { ...sides, "data-thin": "" });
  }
  if (thing.point) {
    const [x, y] = thing.point;
    for (const name of ["dot under", "dot line"]) found.push(s("path", { d: `M${x} ${y}h0`, class: name }));
  }
  return found;
}

/** Writes labels at the things of a picture, where they hide one another least. Called again whenever
    its size on the screen has changed. */
function label(svg) {
  const tags = svg.querySelector(".tags");
  tags.replaceChildren();
  const scale = svg.getScreenCTM()?.a;
  if (!scale) return;
  const pixel = 1 / scale;
  const view = svg.viewBox.baseVal;
  const groups = [...svg.querySelectorAll(".thing")].filter((group) => getComputedStyle(group).display !== "none");
  const isBoth = groups.some((group) => group.kind === "now") && groups.some((group) => group.kind === "before");
  const drawn = groups.filter((group) => group.kind !== "truth").length;
  const taken = [];
  for (const group of groups.reverse()) {
    const { thing, kind } = group;
    if (isBoth && kind === "before" && !thing.alone) continue; // what both found has one label
    const place = cornersOf(thing) ?? cornersIn(group);
    if (!place || place[2] < view.x || place[0] > view.x + view.width || place[3] < view.y || place[1] > view.y + view.height) continue;
    const sign = thing.alone ? (kind === "before" ? "− " : "+ ") : "";
    const letters = Math.min(28, thing.label?.length ?? 0);
    const isTight = thing.point ? drawn > 12 : drawn > 6 && (place[2] - place[0]) * scale < 8 * letters;
    const name = drawn > MOST_LABELS || isTight || !thing.label ? `${thing.n}` : `${thing.n} ${short(thing.label)}`;
    const text = s("text", { "font-size": 12.5 * pixel }, `${sign}${kind === "truth" ? "✓ " : ""}${name}`);
    const tag = s("g", { class: `tag ${kind}`, "data-key": group.dataset.key }, text);
    tags.append(tag);
    const [wide, high] = [text.getComputedTextLength() + 8 * pixel, 17 * pixel];
    const [x, y] = placed(place, wide, high, view, taken, pixel);
    taken.push([x, y, x + wide, y + high]);
    tag.prepend(s("rect", { x, y, width: wide, height: high, rx: 2 * pixel, class: "plate" }));
    text.setAttribute("x", x + 4 * pixel);
    text.setAttribute("y", y + 12.8 * pixel);
    tag.style.setProperty("--c", kind === "truth" ? "#ffffff" : DATA.colours[thing.colour]);
    tag.style.setProperty("--on", kind === "truth" ? "#141414" : DATA.letters[thing.colour]);
  }
}

const short = (text) => (text.length > 28 ? `${text.slice(0, 26)}…` : text);

function cornersIn(group) {
  const { x, y, width, height } = group.getBBox();
  return [x, y, x + width, y + height];
}

/** Above, within or below its thing: the first place where nothing is. */
function placed([left, top, right, lower], wide, high, view, taken, pixel) {
  const gap = left === right ? 9 * pixel : 0;
  const within = (value, least, most) => Math.min(Math.max(value, least), Math.max(least, most));
  const places = [[left + gap, top - high - gap / 2], [left, top], [left, lower], [right - wide, lower - high], [right - wide, top - high]]
    .map(([x, y]) => [within(x, view.x, view.x + view.width - wide), within(y, view.y, view.y + view.height - high)]);
  const isFree = ([x, y]) => taken.every(([a, b, c, d]) => x >= c || x + wide <= a || y >= d || y + high <= b);
  return places.find(isFree) ?? places[0];
}
