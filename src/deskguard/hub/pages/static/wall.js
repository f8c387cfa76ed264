/* The wall: one tile for each window, filled again only where something changed. */

import { plan } from "./wall_fit.js";

const wall = document.getElementById("wall");
const list = document.getElementById("tiles");
const words = JSON.parse(document.getElementById("wall-words").textContent);
const tiles = new Map();
const SILENT_S = 150;
const HELP_S = 900;
const AWAKE_MS = 3000;
/** A count of people who wait is told with its age from the first on, and not at all from the second on. */
const QUEUE_OLD_S = 900;
const QUEUE_GONE_S = 7200;
const SIGNS = { good: "●", busy: "◆", warn: "▲", bad: "✖", off: "○", help: "✚" };
const RANK = { help: 0, bad: 1, warn: 2, busy: 3, good: 4, off: 5 };
const byName = new Intl.Collator(wall.dataset.lang, { numeric: true });

let version = Number(wall.dataset.version);
// Versions count at one process of the hall; behind a proxy the next stream may come from another.
let board = wall.dataset.board;
// The hall's clock counts, not that of the computer that shows the wall.
let aheadMs = Date.parse(wall.dataset.now) - Date.now();
let wanted = { text: "", kind: "", order: "window" };

window.deskguardWall = { updates: 0, longestMs: 0 };

const nowS = () => (Date.now() + aheadMs) / 1000;
const sinceS = (text) => (text ? Math.max(0, nowS() - Date.parse(text) / 1000) : 0);
const fill = (word, values = {}) => (words[word] ?? word).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

function lasting(seconds) {
  if (seconds < 60) return fill("seconds", { n: Math.floor(seconds) });
  if (seconds < 3600) return fill("minutes", { n: Math.floor(seconds / 60) });
  return fill("hours", { n: Math.floor(seconds / 3600), m: Math.floor((seconds % 3600) / 60) });
}

/** How many wait at a window, since when the first does, and when that was so; null: nobody told. */
function queueOf(tile) {
  const visit = tile.visit && tile.visit.waiting !== null ? { waiting: tile.visit.waiting, since: "", at: tile.visit.begin } : null;
  const told = tile.queue ?? visit;
  return told && tile.online && sinceS(told.at) < QUEUE_GONE_S ? told : null;
}

function queueWords(told) {
  if (!told) return "";
  const longest = told.since ? fill("queue_longest", { n: lasting(sinceS(told.since)) }) : "";
  const old = sinceS(told.at) > QUEUE_OLD_S ? fill("queue_old", { n: lasting(sinceS(told.at)) }) : "";
  return [longest, old].filter(Boolean).join(" ");
}

const clock = new Intl.DateTimeFormat(wall.dataset.lang, { hour: "2-digit", minute: "2-digit", hour12: false });

/** What a tile says: mood, word of the state, and a line more. */
function reading(tile) {
  const isSilent = tile.online && tile.seen && sinceS(tile.seen) > SILENT_S;
  if (tile.help && sinceS(tile.help) < HELP_S) return { mood: "help", state: fill("help"), more: lasting(sinceS(tile.help)) };
  if (!tile.online) return { mood: "off", state: fill(tile.state === "unknown" ? "unknown" : "offline"), more: "" };
  if (isSilent) return { mood: "warn", state: fill("lost_contact"), more: lasting(sinceS(tile.seen)) };
  if (tile.state === "microphone-lost") return { mood: "bad", state: fill("microphone_lost"), more: lasting(sinceS(tile.since)) };
  const waits = queueWords(queueOf(tile));
  if (tile.state === "paused") {
    const reason = tile.reason ? fill(`reason_${tile.reason}`) : "";
    const parts = [reason, lasting(sinceS(tile.since)), waits];
    return { mood: "warn", state: fill("paused"), more: parts.filter(Boolean).join(" · ") };
  }
  const notes = tile.notes.length ? fill("notes", { n: tile.notes.map((code) => words[`note_${code}`] ?? code).join(" ") }) : "";
  if (tile.visit) {
    const phone = tile.visit.channel === "counter" ? "" : fill("phone");
    const since = fill("since_clock", { n: clock.format(new Date(tile.visit.begin)) });
    const parts = [lasting(sinceS(tile.visit.begin)), since, phone, waits, notes];
    return { mood: notes ? "warn" : "busy", state: fill("visit"), more: parts.filter(Boolean).join(" · ") };
  }
  const state = tile.state === "listening" ? fill("free") : fill(tile.state);
  return { mood: notes ? "warn" : "good", state, more: [waits, notes].filter(Boolean).join(" · ") };
}

function element(tag, className) {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}

function newTile() {
  const item = element("li", "tile");
  const head = element("div", "tile-head");
  const line = element("div", "tile-line");
  const parts = { sign: element("span", "tile-sign"), name: element("span", "tile-name"), heat: element("span", "tile-heat"), state: element("span", "tile-state"), queue: element("span", "tile-queue"), more: element("div", "tile-more") };
  head.append(parts.sign, parts.name, parts.heat);
  line.append(parts.state, parts.queue);
  item.append(head, line, parts.more);
  return { item, parts, said: "", told: null, mood: "" };
}

function put(told) {
  let tile = tiles.get(told.window);
  if (!tile) tiles.set(told.window, (tile = newTile()));
  tile.told = told;
  show(tile);
}

function show(tile) {
  const { told, parts, item } = tile;
  const { mood, state, more } = reading(told);
  const queue = queueOf(told);
  const waiting = queue === null || queue.waiting === null ? "" : fill("waiting", { n: queue.waiting });
  const said = [mood, state, more, waiting, told.heat].join("|");
  if (said === tile.said) return false;
  tile.said = said;
  tile.mood = mood;
  item.dataset.mood = mood;
  item.dataset.window = told.window;
  if (parts.name.textContent !== told.window) parts.name.textContent = told.window;
  parts.sign.textContent = SIGNS[mood];
  parts.state.textContent = state;
  parts.more.textContent = more;
  // In few letters the number alone: the words stand in the sum above.
  parts.queue.textContent = waiting;
  parts.queue.dataset.waiting = queue?.waiting > 0 ? queue.waiting : "";
  parts.queue.classList.toggle("some", queue !== null && queue.waiting > 0);
  parts.heat.textContent = "▮".repeat(told.heat);
  parts.heat.title = told.heat ? fill("heat", { n: told.heat }) : "";
  return true;
}

/** How many wait, for sorting and sums; where only a time is told, somebody does. */
function waitingAt(tile) {
  const queue = queueOf(tile.told);
  return queue === null ? 0 : (queue.waiting ?? (queue.since ? 1 : 0));
}

const isAttention = (tile) => RANK[tile.mood] <= 2 || tile.told.heat >= 2;

function isWanted(tile) {
  if (wanted.text && !tile.told.window.toLowerCase().includes(wanted.text)) return false;
  if (wanted.kind === "attention") return isAttention(tile);
  if (wanted.kind === "waiting") return waitingAt(tile) > 0;
  if (wanted.kind === "visit") return tile.told.visit !== null;
  if (wanted.kind === "paused") return tile.told.state === "paused" && tile.told.online;
  if (wanted.kind === "offline") return !tile.told.online;
  return true;
}

/** Put tiles in their order; those that stand where they belong are not touched. */
function arrange() {
  const all = [...tiles.values()];
  const ways = { attention: (one) => RANK[one.mood] - one.told.heat / 4, waiting: (one) => -waitingAt(one) };
  const first = ways[wanted.order] ?? (() => 0);
  all.sort((a, b) => first(a) - first(b) || byName.compare(a.told.window, b.told.window));
  const shown = fit(all.filter(isWanted));
  shown.forEach((tile, place) => {
    if (list.children[place] !== tile.item) list.insertBefore(tile.item, list.children[place] ?? null);
  });
  while (list.children.length > shown.length) list.lastElementChild.remove();
  wall.dataset.many = [8, 40, 300].find((most) => shown.length <= most) ?? 300;
  document.getElementById("empty").hidden = all.length > 0;
  count(all);
}

const isLarge = () => document.fullscreenElement === wall || wall.dataset.wall === "1";

let laidOut = null;

/** On a large screen: lay out all that is shown so that nothing must be scrolled to; gives the tiles in their order. */
function fit(shown) {
  const isBig = isLarge();
  wall.classList.toggle("big", isBig);
  if (!isBig) {
    if (laidOut !== null) {
      wall.dataset.kind = "";
      for (const name of ["--size", "--large", "--columns", "--rows", "--across", "--down"]) wall.style.removeProperty(name);
      for (const tile of tiles.values()) tile.item.classList.remove("large");
    }
    laidOut = null;
    return shown;
  }
  const style = getComputedStyle(wall);
  const area = { view: innerHeight, width: list.clientWidth, height: innerHeight - list.getBoundingClientRect().top - parseFloat(style.paddingBottom) };
  const rank = (one) => (RANK[one.tile.mood] <= 2 ? RANK[one.tile.mood] - one.tile.told.heat / 4 : Infinity);
  const named = shown.map((tile) => ({ tile, name: tile.told.window, state: tile.parts.state.textContent }));
  const made = plan(named, area, style.fontFamily, rank);
  for (const tile of tiles.values()) tile.item.classList.toggle("large", made.large.has(tile.told.window));
  if (made !== laidOut) {
    wall.dataset.kind = made.kind;
    const sizes = { "--size": `${made.size}px`, "--large": `${made.largeSize ?? made.size}px`, "--columns": made.columns, "--rows": made.rows, "--across": made.span.columns, "--down": made.span.rows };
    for (const [name, value] of Object.entries(sizes)) wall.style.setProperty(name, value);
    laidOut = made;
  }
  const first = [...made.large].map((window) => tiles.get(window));
  return [...first, ...shown.filter((tile) => !made.large.has(tile.told.window))];
}

function count(all) {
  const sums = { help: 0, bad: 0, warn: 0, busy: 0, good: 0, off: 0 };
  for (const tile of all) sums[tile.mood] += 1;
  const names = { help: "help", bad: "microphone_lost", warn: "notes_short", busy: "visit", good: "free", off: "offline" };
  const items = Object.keys(sums)
    .filter((mood) => sums[mood])
    .map((mood) => {
      const item = element("li", `tag ${{ good: "good", warn: "warn", bad: "bad", help: "bad" }[mood] ?? ""}`);
      item.textContent = `${SIGNS[mood]} ${fill(names[mood])} ${sums[mood]}`;
      return item;
    });
  const waiting = all.reduce((sum, tile) => sum + (queueOf(tile.told)?.waiting ?? 0), 0);
  if (all.some((tile) => queueOf(tile.told) !== null)) {
    const item = element("li", "tag");
    item.textContent = fill("waiting_all", { n: waiting });
    items.push(item);
  }
  document.getElementById("counts").replaceChildren(...items);
}

function take(message) {
  const begun = performance.now();
  aheadMs = Date.parse(message.now) - Date.now();
  version = message.version;
  board = message.board;
  for (const told of message.tiles) put(told);
  if (message.tiles.length) arrange();
  const took = performance.now() - begun;
  window.deskguardWall.updates += message.tiles.length;
  window.deskguardWall.longestMs = Math.max(window.deskguardWall.longestMs, took);
}

function tick() {
  let isChanged = false;
  for (const tile of tiles.values()) {
    const mood = tile.mood;
    show(tile);
    isChanged ||= tile.mood !== mood;
  }
  if (isChanged) arrange();
}

function follow() {
  const source = new EventSource(`${wall.dataset.stream}?since=${version}&board=${board}`);
  window.deskguardWall.source = source;
  source.addEventListener("open", () => tell("connected"));
  source.addEventListener("tiles", (event) => take(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    // Anew, from what is here already: the browser itself would ask from the version of the first time.
    source.close();
    tell("connecting");
    setTimeout(again, 1500 + Math.random() * 1500);
  });
}

function tell(state) {
  const link = document.getElementById("link");
  link.textContent = fill(state);
  link.dataset.state = state;
}

/** Whoever is not logged in any more is asked to: a wall that stands still must not look like one that is live. */
async function again() {
  const ending = new AbortController();
  try {
    const answer = await fetch(`${wall.dataset.stream}?since=${version}&board=${board}`, { signal: ending.signal, headers: { accept: "text/event-stream" } });
    if (answer.status === 401 || answer.status === 403) {
      location.reload();
      return;
    }
  } catch {
    // The hall is away; the stream will tell when it is back.
  } finally {
    ending.abort();
  }
  follow();
}

function choose() {
  wanted = {
    text: document.getElementById("find").value.trim().toLowerCase(),
    kind: document.getElementById("filter").value,
    order: document.getElementById("order").value,
  };
  arrange();
}

for (const id of ["find", "filter", "order"]) {
  for (const news of ["input", "change"]) document.getElementById(id).addEventListener(news, choose);
}
const full = document.getElementById("full");

async function toggleFull() {
  if (document.fullscreenElement) {
    await document.exitFullscreen();
    return;
  }
  try {
    await wall.requestFullscreen();
  } catch {
    // The browser does not allow it: the page itself, without anything around the wall.
    if (wall.dataset.wall !== "1") location.search = "?wall=1";
  }
}

full.addEventListener("click", toggleFull);
document.addEventListener("fullscreenchange", () => {
  full.textContent = fill(document.fullscreenElement ? "full_end" : "full");
  arrange();
});
addEventListener("resize", () => isLarge() && arrange());
// On a large screen tools and pointer are there while somebody moves it.
let sleeping = 0;
wall.addEventListener("pointermove", () => {
  wall.classList.add("awake");
  clearTimeout(sleeping);
  sleeping = setTimeout(() => wall.classList.remove("awake"), AWAKE_MS);
});
for (const told of JSON.parse(document.getElementById("wall-tiles").textContent)) put(told);
choose();
follow();
setInterval(tick, 1000);
setInterval(() => (document.getElementById("now").textContent = clock.format(new Date(Date.now() + aheadMs))), 1000);
