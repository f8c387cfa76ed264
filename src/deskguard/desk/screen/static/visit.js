/* The visit that goes on as a checklist that ticks itself, and for a while the one before. No sound, no card, no
   focus taken, nothing read aloud: a hint is at most a line that stands out for some seconds, with words to say. */

import { byId, icon, make, show } from "./dom.js";
import { clock, lasting, t, tOr } from "./i18n.js";

// How long a hint stands out; the desk gives it once for each act and visit.
const HINT_MS = 20000;
const LAST_SHOWN_MS = 3 * 60 * 1000;
const ICONS = { open: "circle", said: "check", missing: "dash" };

let board = { visit: null, last: null };

/** The desk's newest word on visits. */
export function put(latest) {
  board = latest ?? { visit: null, last: null };
  render();
}

/** Once a second: the time it has lasted, and hints that have stood out long enough. */
export const tick = () => render();

export function render() {
  const visit = board.visit ?? recent(board.last);
  const isOver = visit !== null && board.visit === null;
  const panel = byId("visit");
  panel.classList.toggle("is-over", isOver);
  setText(byId("visit-title"), t(isOver ? "visit.last_title" : "visit.title"));
  setText(byId("visit-ticket"), visit?.ticket ? t("visit.ticket", { ticket: visit.ticket }) : "");
  setText(byId("visit-channel"), visit && visit.channel !== "counter" ? t(`visit.${visit.channel}`) : "");
  setText(byId("visit-time"), visit ? timeOf(visit, isOver) : "");
  show(byId("visit-empty"), visit === null);
  const asked = visit?.items.filter((item) => item.asked) ?? [];
  const extra = visit?.items.filter((item) => !item.asked) ?? [];
  fill(byId("visit-lines"), asked, newLine, fillLine);
  fill(byId("visit-extra-list"), extra, () => make("li"), fillExtra);
  show(byId("visit-lines"), asked.length > 0);
  show(byId("visit-extra"), extra.length > 0);
}

function recent(last) {
  return last && Date.now() - new Date(last.ended_utc) < LAST_SHOWN_MS ? last : null;
}

function timeOf(visit, isOver) {
  if (isOver) return t("visit.ended", { time: clock(visit.ended_utc) });
  return lasting((Date.now() - new Date(visit.since_utc)) / 1000);
}

/** Keep the elements of acts that are there already, so that nothing flickers. */
function fill(list, items, newElement, fillElement) {
  const wanted = new Set(items.map((item) => item.act_id));
  for (const element of [...list.children]) if (!wanted.has(element.dataset.actId)) element.remove();
  items.forEach((item, place) => {
    const known = [...list.children].find((element) => element.dataset.actId === item.act_id);
    const element = known ?? newElement();
    element.dataset.actId = item.act_id;
    fillElement(element, item);
    if (list.children[place] !== element) list.insertBefore(element, list.children[place] ?? null);
  });
}

function newLine() {
  const line = make("li", "act");
  const mark = icon("circle");
  line.parts = { mark, name: make("span", "act-name"), state: make("span", "act-state"), say: make("p", "act-say") };
  line.append(mark, line.parts.name, line.parts.state, line.parts.say);
  return line;
}

function fillLine(line, item) {
  const { mark, name, state, say } = line.parts;
  const isHint = item.can_still_help && Date.now() - new Date(item.hint_utc) < HINT_MS;
  line.dataset.state = item.state;
  line.classList.toggle("is-hint", isHint);
  const href = `#i-${ICONS[item.state]}`;
  if (mark.firstChild.getAttribute("href") !== href) mark.firstChild.setAttribute("href", href);
  setText(name, nameOf(item));
  setText(state, t(`visit.${item.state}`));
  state.classList.toggle("unseen", item.state !== "missing");
  setText(say, isHint || item.state === "missing" ? t("visit.say", { advice: item.advice }) : "");
}

function fillExtra(element, item) {
  const name = nameOf(item);
  setText(element, item.times > 1 ? t("visit.times", { name, n: item.times }) : name);
}

const nameOf = (item) => tOr(`act.${item.act_id}`, "visit.other_act", { name: item.name });

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
