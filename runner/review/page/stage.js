// The stage: the images of an answer, and what is marked on them, in pixels of the upright original.

const SVG = "http://www.w3.org/2000/svg";
const EDGES = { nw: [0, 1], n: [1], ne: [2, 1], e: [2], se: [2, 3], s: [3], sw: [0, 3], w: [0] };
const LEAST = 1; // pixels of a side
const FEW = 6; // so many things have their labels whole, whatever lies below them
const MEANT = 4; // pixels of the screen: less is a click, not a drag

function make(name, attributes, parent) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent?.append(node);
  return node;
}

const within = (value, least, most) => Math.min(Math.max(value, least), most);
const area = ({ box }) => (box ? (box[2] - box[0]) * (box[3] - box[1]) : 0);
const round = (value) => Math.round(value * 10) / 10;

/** A box of which an edge was moved beyond the other one is turned over. */
function sorted([a, b, c, d]) {
  return [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)].map(round);
}

/** The box moved by so many pixels, as far as its image goes. */
export function moved(box, dx, dy, { width, height }) {
  const x = within(dx, -box[0], width - box[2]);
  const y = within(dy, -box[1], height - box[3]);
  return [box[0] + x, box[1] + y, box[2] + x, box[3] + y].map(round);
}

/** The box with these edges (0 left, 1 upper, 2 right, 3 lower) moved. */
export function resized(box, edges, dx, dy, { width, height }) {
  const now = [...box];
  for (const edge of edges) {
    const [by, most] = edge % 2 ? [dy, height] : [dx, width];
    now[edge] = within(box[edge] + by, 0, most);
  }
  const [a, b, c, d] = sorted(now);
  return [a, b, Math.max(c, a + LEAST), Math.max(d, b + LEAST)];
}

export class Stage {
  /** `events`: choose(thing), change(thing), add(image, {box} | {point}), remove(thing), name(thing). */
  constructor(host, events) {
    this.host = host;
    this.events = events;
    new ResizeObserver(() => this.draw()).observe(host);
  }

  /** Shows the images of an answer. */
  show(item) {
    this.item = item;
    this.host.replaceChildren();
    this.canvases = item.images.map((image, position) => this.canvas(image, position));
    this.state = { things: item.things, chosen: null, editing: false };
    this.draw();
  }

  /** Shows what is marked now: `things`, which of them is `chosen`, and whether it is `editing`. */
  update(state) {
    this.state = state;
    this.draw();
  }

  /** Shows the images so many times as large as they fit. */
  zoom(times) {
    const { host } = this;
    const [x, y] = [(host.scrollLeft + host.clientWidth / 2) / host.scrollWidth, (host.scrollTop + host.clientHeight / 2) / host.scrollHeight];
    host.style.setProperty("--zoom", times);
    host.scrollTo(x * host.scrollWidth - host.clientWidth / 2, y * host.scrollHeight - host.clientHeight / 2);
    this.draw();
  }

  /** Puts the keyboard on a thing. */
  focus(thing) {
    const position = this.state.things.indexOf(thing);
    this.host.querySelector(`[data-thing="${position}"]`)?.focus();
  }

  canvas(image, position) {
    const figure = document.createElement("figure");
    if (this.item.images.length > 1) {
      const caption = document.createElement("figcaption");
      caption.textContent = image.title;
      figure.append(caption);
    }
    this.host.append(figure);
    if (!image.width) {
      const said = document.createElement("p");
      said.textContent = `${image.title}: the image is not on this machine`;
      figure.append(said);
      return null;
    }
    const svg = make("svg", { viewBox: `0 0 ${image.width} ${image.height}`, class: "canvas" }, figure);
    make("rect", { class: "missing", width: image.width, height: image.height }, svg);
    const picture = make("image", { href: `image/${image.number}`, width: image.width,
      height: image.height, preserveAspectRatio: "none" }, svg);
    picture.addEventListener("error", () => this.lost(figure, image));
    const layer = make("g", {}, svg);
    svg.addEventListener("pointerdown", (event) => this.press(event, svg, image, position));
    return { svg, layer, image };
  }

  lost(figure, image) {
    const said = document.createElement("p");
    said.textContent = `${image.title} is not there any more, or is another image now`;
    figure.prepend(said);
  }

  draw() {
    if (!this.item) return;
    const active = document.activeElement?.closest?.("[data-thing]")?.dataset.thing;
    this.host.classList.toggle("editing", this.state.editing);
    this.canvases.forEach((canvas, position) => {
      if (!canvas) return;
      canvas.svg.classList.toggle("adds", canvas.image.adds);
      canvas.layer.replaceChildren();
      const pixel = 1 / (canvas.svg.getScreenCTM()?.a || 1);
      for (const part of this.item.parts) if (part.image === position) this.part(part, canvas, pixel);
      const here = this.state.things.filter((thing) => thing.image === position);
      here.sort((one, other) => area(other) - area(one)); // a small one lies on a large one
      for (const thing of here) this.mark(thing, canvas, pixel);
      const { chosen } = this.state;
      if (this.state.editing && chosen?.moves === "box" && here.includes(chosen)) this.handles(chosen, canvas.layer, pixel);
    });
    const { chosen, things } = this.state;
    if (active !== undefined && things.indexOf(chosen) === Number(active)) this.focus(chosen);
  }

  mark(thing, canvas, pixel) {
    const chosen = thing === this.state.chosen;
    const names = ["mark", `c${thing.colour ?? 0}`, chosen && "chosen", thing.moves && "moves"];
    const group = make("g", { class: names.filter(Boolean).join(" "), tabindex: 0, role: "button",
      "data-thing": this.state.things.indexOf(thing), "aria-pressed": chosen,
      "aria-label": this.spoken(thing) }, canvas.layer);
    if (thing.path) make("path", { class: "outline", d: thing.path }, group);
    if (thing.box) {
      const [x, y, right, lower] = thing.box;
      const frame = { x, y, width: right - x, height: lower - y };
      make("rect", { ...frame, class: "under" }, group);
      make("rect", { ...frame, class: "thing" }, group);
    }
    if (thing.point) {
      const [cx, cy] = thing.point;
      make("circle", { cx, cy, r: 7 * pixel, class: "under" }, group);
      make("circle", { cx, cy, r: 7 * pixel, class: "thing" }, group);
      make("circle", { cx, cy, r: 16 * pixel, fill: "transparent" }, group);
    }
    this.tag(thing, group, pixel, canvas.image);
    group.addEventListener("focus", () => this.state.chosen !== thing && this.events.choose(thing));
    group.addEventListener("keydown", (event) => this.key(event, thing, canvas.image));
  }

  /** A part of the image that was asked about by itself. */
  part({ n, box }, canvas, pixel) {
    const group = make("g", { class: "part" }, canvas.layer);
    const [x, y, right, lower] = box;
    for (const name of ["under", "thing"]) {
      make("rect", { class: name, x, y, width: right - x, height: lower - y }, group);
    }
    this.tag({ n, box }, group, pixel, canvas.image);
  }

  tag(thing, group, pixel, image) {
    const [x, y] = thing.box ?? thing.point ?? this.corner(group);
    const text = make("text", { class: "tag", "font-size": 13 * pixel }, group);
    const wide = () => text.getComputedTextLength() + 8 * pixel;
    text.textContent = thing.label ? `${thing.n} ${thing.label.slice(0, 40)}` : `${thing.n}`;
    const room = thing.box ? thing.box[2] - x : group.getBBox().width;
    const isCrowded = this.state.things.length > FEW && thing !== this.state.chosen;
    if (isCrowded && wide() > room) text.textContent = `${thing.n}`; // the list beside it has the label
    const width = wide();
    const left = within(x, 0, Math.max(0, image.width - width));
    const top = within(y - 18 * pixel, 0, image.height);
    make("rect", { class: "plate", x: left, y: top, width, height: 18 * pixel }, group);
    text.setAttribute("x", left + 4 * pixel);
    text.setAttribute("y", top + 13.5 * pixel);
    group.append(text);
  }

  corner(group) {
    const around = group.getBBox();
    return [around.x, around.y];
  }

  handles(thing, layer, pixel) {
    const group = make("g", { "data-thing": this.state.things.indexOf(thing), "aria-hidden": true }, layer);
    const [x, y, right, lower] = thing.box;
    const half = 5 * pixel;
    for (const [name, edges] of Object.entries(EDGES)) {
      const at = [(x + right) / 2, (y + lower) / 2];
      for (const edge of edges) at[edge % 2] = thing.box[edge];
      make("rect", { class: `handle ${name}`, "data-edges": edges.join(""), x: at[0] - half,
        y: at[1] - half, width: 2 * half, height: 2 * half }, group);
    }
  }

  spoken(thing) {
    const where = (thing.box ?? thing.point ?? []).map((each) => Math.round(each)).join(", ");
    const kind = thing.box && !thing.path ? "box" : thing.point ? "point" : "outline";
    return `${kind} ${thing.n}: ${thing.label ?? "without a label"}${where && ` at ${where}`}`;
  }

  // -- the mouse, a pen, a finger --------------------------------------------------------------------

  press(event, svg, image, position) {
    if (event.button !== 0) return;
    const group = event.target.closest("[data-thing]");
    const draws = this.state.editing && event.shiftKey; // on top of what is there
    const thing = group && !draws ? this.state.things[group.dataset.thing] : null;
    if (thing) this.events.choose(thing);
    if (!this.state.editing) return;
    if (thing && !thing.moves) return;
    if (!thing && !image.adds) return;
    event.preventDefault();
    const edges = [...(event.target.dataset.edges ?? "")].map(Number);
    const change = thing ? this.changing(thing, edges, image) : this.drawing(position, image);
    this.drag(event, svg, change);
  }

  changing(thing, edges, image) {
    const { box, point } = thing;
    return {
      to: (_, dx, dy) => {
        if (point) thing.point = [within(point[0] + dx, 0, image.width), within(point[1] + dy, 0, image.height)].map(round);
        else thing.box = edges.length ? resized(box, edges, dx, dy, image) : moved(box, dx, dy, image);
        this.draw();
      },
      end: (_, isDrag) => {
        if (isDrag) this.events.change(thing);
        this.focus(thing);
      },
      back: () => Object.assign(thing, { box, point }),
    };
  }

  drawing(position, image) {
    if (this.item.adds === "point") {
      const end = (start) => this.events.add(position, { point: start.map(round) });
      return { to() {}, end, back() {} };
    }
    let box = null;
    const layer = this.canvases[position].layer;
    const frame = make("rect", { class: "thing", stroke: "#fff" }, layer);
    return {
      to: ([x, y], dx, dy) => {
        box = sorted([x, y, within(x + dx, 0, image.width), within(y + dy, 0, image.height)]);
        const [left, top, right, lower] = box;
        const sides = { x: left, y: top, width: right - left, height: lower - top };
        for (const [key, value] of Object.entries(sides)) frame.setAttribute(key, value);
      },
      end: (_, isDrag) => {
        frame.remove();
        const enough = isDrag && box && box[2] - box[0] >= LEAST && box[3] - box[1] >= LEAST;
        if (enough) this.events.add(position, { box });
        else this.events.choose(null);
      },
      back: () => frame.remove(),
    };
  }

  /** Follows a pointer until it is lifted; what a lost pointer began is taken back. */
  drag(event, svg, change) {
    const inverse = svg.getScreenCTM().inverse();
    const place = (at) => {
      const found = new DOMPoint(at.clientX, at.clientY).matrixTransform(inverse);
      return [found.x, found.y];
    };
    const view = svg.viewBox.baseVal;
    const from = place(event);
    const start = [within(from[0], 0, view.width), within(from[1], 0, view.height)];
    let isDrag = false;
    const move = (at) => {
      if (at.pointerId !== event.pointerId) return;
      const far = Math.hypot(at.clientX - event.clientX, at.clientY - event.clientY) >= MEANT;
      isDrag ||= far;
      const now = place(at);
      if (isDrag) change.to(start, now[0] - from[0], now[1] - from[1]);
    };
    const stop = (at) => {
      if (at.pointerId !== event.pointerId) return;
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", stop);
      window.removeEventListener("pointercancel", stop);
      if (at.type === "pointerup") change.end(start, isDrag);
      else change.back();
      this.draw();
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", stop);
    window.addEventListener("pointercancel", stop);
  }

  // -- the keyboard ----------------------------------------------------------------------------------

  key(event, thing, image) {
    if (!this.state.editing) return;
    const step = event.ctrlKey ? 10 : 1;
    const ways = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const way = ways[event.key];
    if (way && thing.moves) {
      const edges = way[0] ? [2] : [3];
      if (thing.point) thing.point = [within(thing.point[0] + way[0], 0, image.width), within(thing.point[1] + way[1], 0, image.height)];
      else thing.box = event.shiftKey ? resized(thing.box, edges, ...way, image) : moved(thing.box, ...way, image);
      this.events.change(thing);
      this.focus(thing);
    } else if (event.key === "Delete" || event.key === "Backspace") this.events.remove(thing);
    else if (event.key === "Enter") this.events.name(thing);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
