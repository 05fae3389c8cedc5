// Stage: the images of one answer in large, alone or with those of the run before. All of them show the
// same part of the image.

const MODES = { now: "this run", side: "side by side", slider: "slider", over: "on top of each other" };
const CLOSEST = 16;

class Stage {
  /** `events`: over(key), pick(key). */
  constructor(host, events) {
    this.host = host;
    this.events = events;
    this.far();
    new ResizeObserver(() => this.label()).observe(host);
  }

  far() {
    this.view = { times: 1, x: 0.5, y: 0.5 };
  }

  /** Shows an answer, and in most modes the one before. */
  show(item, now, before, mode) {
    this.now = now;
    this.before = before;
    this.far();
    const count = Math.max(now?.images.length ?? 0, 1);
    const first = DATA.images[now?.images[0]?.image];
    const isFlat = first?.w > first?.h * 1.75;
    this.host.className = `stage ${mode} ${count > 1 ? "several" : ""} ${isFlat ? "flat" : ""}`;
    const places = now?.images.length ? now.images.keys() : [-1];
    this.host.replaceChildren(...[...places].map((place) => this.pane(item, place, mode)));
    this.look();
  }

  pane(item, place, mode) {
    const title = this.now?.images[place]?.title;
    const alt = `${item.case}${title ? `, ${title}` : ""}`;
    const parts = {
      now: () => [this.frame(alt, place, ["truth", "now"])],
      side: () => [this.figure("before", alt, place), this.figure("now", alt, place)],
      over: () => [this.frame(alt, place, ["truth", "before", "now"])],
      slider: () => [this.slider(alt, place)],
    };
    return h("div", { class: "pane" }, title && h("p", { class: "title" }, title), h("div", { class: "frames" }, parts[mode]()));
  }

  figure(side, alt, place) {
    const answer = side === "now" ? this.now : this.before;
    return h("figure", { class: side },
      h("figcaption", {}, h("strong", {}, side), " ", h("span", { class: "run" }, DATA.runs[side]), " ",
        h("span", { class: "took" }, factsOf(answer).join(" · "))),
      this.frame(`${side}: ${alt}`, place, ["truth", side]));
  }

  frame(alt, place, kinds) {
    const known = (kinds.includes("now") ? this.now : this.before) ?? this.now;
    const image = known?.images[place] ?? this.now?.images[place];
    if (!image) return h("p", { class: "absent" }, "no image");
    const svg = picture(image.image, alt);
    if (svg.tagName !== "svg") return svg;
    if (image.window) this.window(svg, image.window);
    for (const kind of kinds) draw(svg, this.things(kind, place), kind, this.events);
    for (const entry of kinds.includes("now") ? this.now.entries ?? [] : []) {
      if (entry.image === place && entry.box) this.window(svg, entry.box, entry.n);
    }
    this.follow(svg);
    return h("div", { class: "frame" }, svg);
  }

  things(kind, place) {
    const answer = kind === "before" ? this.before : this.now;
    const all = kind === "truth" ? (this.now?.truth ?? []).flatMap((right) => right.things ?? []) : answer?.things ?? [];
    return all.filter((thing) => thing.image === place);
  }

  /** The part of an image that was asked about. */
  window(svg, [x, y, right, lower]) {
    svg.querySelector(".layer").append(s("rect", { class: "window", x, y, width: right - x, height: lower - y }));
  }

  slider(alt, place) {
    const before = this.frame(`before: ${alt}`, place, ["truth", "before"]);
    const now = this.frame(`now: ${alt}`, place, ["truth", "now"]);
    now.classList.add("upper");
    const line = h("div", { class: "divide", "aria-hidden": "true" }, h("span", { class: "left" }, "before"), h("span", { class: "right" }, "now"));
    const range = h("input", { type: "range", min: 0, max: 100, value: 50, step: 1, "aria-label": "How much of the image is shown as before",
      oninput: () => set() });
    const both = h("div", { class: "both" }, before, now, line);
    const set = () => both.style.setProperty("--at", `${range.value}%`);
    set();
    let isMoved = false;
    const move = (event) => {
      const { left, width } = both.getBoundingClientRect();
      range.value = ((event.clientX - left) / width) * 100;
      set();
    };
    line.addEventListener("pointerdown", (event) => { isMoved = true; line.setPointerCapture(event.pointerId); event.stopPropagation(); });
    line.addEventListener("pointermove", (event) => isMoved && move(event));
    for (const end of ["pointerup", "pointercancel"]) line.addEventListener(end, () => { isMoved = false; });
    both.style.setProperty("--shape", now.firstChild.image ? now.firstChild.image.w / now.firstChild.image.h : 1);
    return h("div", { class: "sliding" }, both, range);
  }

  // -- what is seen of the image ------------------------------------------------------------------

  /** Comes closer by so many times; the place stays where it is. Shares of the image, 0–1. */
  zoom(by, at = [this.view.x, this.view.y]) {
    const times = Math.min(Math.max(this.view.times * by, 1), CLOSEST);
    const kept = this.view.times / times;
    this.view = { times, x: at[0] + (this.view.x - at[0]) * kept, y: at[1] + (this.view.y - at[1]) * kept };
    this.look();
  }

  whole() {
    this.far();
    this.look();
  }

  look() {
    const { times } = this.view;
    const half = 0.5 / times;
    for (const name of ["x", "y"]) this.view[name] = Math.min(Math.max(this.view[name], half), 1 - half);
    for (const svg of this.host.querySelectorAll("svg.picture")) {
      const { w, h: high } = svg.image;
      svg.setAttribute("viewBox", `${(this.view.x - half) * w} ${(this.view.y - half) * high} ${w / times} ${high / times}`);
    }
    this.host.classList.toggle("near", times > 1);
    byId("zoom").textContent = `${Math.round(times * 100)} %`;
    this.label();
  }

  label() {
    cancelAnimationFrame(this.waiting);
    this.waiting = requestAnimationFrame(() => this.host.querySelectorAll("svg.picture").forEach(label));
  }

  follow(svg) {
    const share = (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      return [at.x / svg.image.w, at.y / svg.image.h];
    };
    svg.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.shiftKey && this.view.times === 1 && event.deltaY > 0) return; // the page scrolls on
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 300), share(event));
    }, { passive: false });
    svg.addEventListener("dblclick", (event) => this.zoom(2, share(event)));
    svg.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || this.view.times === 1) return;
      event.preventDefault();
      const [x, y] = share(event);
      const move = (to) => {
        const [a, b] = share(to);
        this.view.x += x - a;
        this.view.y += y - b;
        this.look();
      };
      const stop = () => {
        removeEventListener("pointermove", move);
        removeEventListener("pointerup", stop);
        removeEventListener("pointercancel", stop);
      };
      addEventListener("pointermove", move);
      addEventListener("pointerup", stop);
      addEventListener("pointercancel", stop);
    });
  }
}

/** What it took: `6 things · 1.4 s · $0.0005`. */
function factsOf(answer) {
  if (!answer) return ["no answer"];
  const facts = [answer.status];
  if (answer.things.length || answer.status === "empty") facts.push(plural(answer.count, "thing"));
  if (answer.seconds) facts.push(`${answer.seconds} s`);
  if (answer.cost) facts.push(answer.cost);
  return facts;
}
