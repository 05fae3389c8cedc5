// State: all that can be chosen stands in the address, so that a link shows what one sees.

const FILTERS = ["mark", "check", "held", "metric", "cause", "way", "status", "unusable", "label", "combination", "q"];
let state = {};

function read() {
  state = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

/** The address of this state with some of it changed; null takes away. */
function address(changes, from = state) {
  const next = Object.entries({ ...from, ...changes }).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return `#${new URLSearchParams(next)}`;
}

/** Goes there. `quietly`: it is no step that one would want to go back. */
function go(changes, quietly = false) {
  const next = address(changes);
  if (next === location.hash) return;
  if (!quietly) {
    location.hash = next;
    return;
  }
  history.replaceState(null, "", next);
  read();
  show();
}

const isNarrow = () => matchMedia("(max-width: 760px)").matches;
