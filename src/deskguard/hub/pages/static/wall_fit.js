/* The wall on a large screen: every window on one picture, in letters as large as there is room for. Where there are too
   many to be read from afar, those that call for attention stand first and take the room of several. */

const GAP = 8;
const MOST_SIZE = 88;
const MOST_LARGE = 12;
const SPANS = [2, 3, 4, 5, 6, 7, 8];
const MOST_COLUMNS = 64;
/**
 * What a tile needs, in its own letters: height and width; how large name and state are, and what stands beside them.
 * Whole: everything it says; plain: name and state; short: sign and name; large: one of few that call for attention.
 */
const WHOLE = { height: 6.6, width: 10.5, name: 1.25, beside: 2.6, state: 1.05, aside: 1.4 };
const PLAIN = { height: 3.7, width: 6, name: 1.25, beside: 3, state: 1.05, aside: 3.2 };
const LARGE = { height: 5, width: 7, name: 1.25, beside: 3, state: 1.05, aside: 1.4 };
const SHORT = { height: 2.7, width: 1.9, name: 1, beside: 1.9, state: 0, aside: 0 };
/** Shares of the picture's height, whatever its points: letters that are read at 5 m (38 of 1080), and from near. */
const READABLE = 0.0352;
const NEAR = 0.0148;

const brush = document.createElement("canvas").getContext("2d");

const MOST_WIDTHS = 4000;
let measured = { family: "", widths: new Map() };

/** Width of a text in letters of its own size; a wall says the same few hundred over and over. */
function widthOf(text, family) {
  if (measured.family !== family || measured.widths.size > MOST_WIDTHS) measured = { family, widths: new Map() };
  let width = measured.widths.get(text);
  if (width === undefined) {
    brush.font = `700 100px ${family}`;
    measured.widths.set(text, (width = brush.measureText(text).width / 100));
  }
  return width;
}

function longest(texts, family) {
  return texts.reduce((most, text) => Math.max(most, widthOf(text, family)), 1);
}

/** The size of letters with which a tile of that need fits into room; `widths` are those of name and state. */
function sizeIn(room, need, widths) {
  const width = Math.max(need.width, widths.name * need.name + need.beside, widths.state * need.state + need.aside);
  return Math.min(MOST_SIZE, (room.width - GAP) / width, (room.height - GAP) / need.height);
}

/** Columns and rows in which so many tiles have the largest letters; `large` of them take `span` cells each. */
function grid(many, area, need, widths, large = 0, span = { columns: 1, rows: 1 }) {
  let best = { size: 0, columns: 1, rows: many };
  const cells = many - large + large * span.columns * span.rows;
  for (let columns = span.columns; columns <= Math.min(cells, MOST_COLUMNS); columns += 1) {
    const rows = Math.max(Math.ceil(cells / columns), span.rows * Math.ceil(large / Math.floor(columns / span.columns)));
    const size = sizeIn({ width: area.width / columns, height: area.height / rows }, need, widths);
    if (size > best.size) best = { size, columns, rows };
  }
  return best;
}

/** So many large tiles, each of the least room in which it is read at 5 m; null where the others would be too small. */
function withLarge(many, large, area, widths) {
  let best = null;
  for (const columns of SPANS) {
    for (const rows of SPANS) {
      const span = { columns, rows };
      const found = grid(many, area, SHORT, widths, large, span);
      const room = { width: (area.width / found.columns) * columns, height: (area.height / found.rows) * rows };
      const largeSize = sizeIn(room, LARGE, widths);
      const isGood = largeSize >= READABLE * area.view && found.size >= NEAR * area.view;
      if (isGood && found.size > (best?.size ?? 0)) best = { ...found, span, largeSize };
    }
  }
  return best;
}

let last = { key: "", made: null };

/**
 * How tiles are laid out: `rank` tells of a tile how urgent it is, the least first; Infinity: not at all. `large` are the
 * names of those that are. The same object as before where nothing has changed that it depends on.
 */
export function plan(tiles, area, family, rank) {
  const widths = { name: longest(tiles.map((tile) => tile.name), family), state: longest(tiles.map((tile) => tile.state), family) };
  const urgent = tiles.filter((tile) => rank(tile) < Infinity).sort((a, b) => rank(a) - rank(b)).slice(0, MOST_LARGE).map((tile) => tile.name);
  const key = JSON.stringify([tiles.length, area, widths, urgent]);
  if (key !== last.key) last = { key, made: planned(tiles.length || 1, area, widths, urgent) };
  return last.made;
}

function planned(many, area, widths, urgent) {
  const alone = { span: { columns: 1, rows: 1 }, large: new Set() };
  for (const [kind, need] of Object.entries({ whole: WHOLE, plain: PLAIN })) {
    const found = grid(many, area, need, widths);
    if (found.size >= READABLE * area.view) return { ...alone, ...found, kind };
  }
  // Of many that call for attention as many as there is room for; the others keep their sign and colour.
  for (let large = urgent.length; large > 0; large -= 1) {
    const found = withLarge(many, large, area, widths);
    if (found) return { ...found, large: new Set(urgent.slice(0, large)), kind: "short" };
  }
  return { ...alone, ...grid(many, area, SHORT, widths), kind: "short" };
}
