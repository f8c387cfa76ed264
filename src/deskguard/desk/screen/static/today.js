/* Today's own list, newest first; rows are kept and filled again, so that focus stays where it is.
   What was withdrawn leaves it: it was never said. So does what turns out to be no line of its own. */

import { byId, fillTrace, icon, make, show } from "./dom.js";
import { clock, language, t, tOr } from "./i18n.js";

const STEP = 50;

let entries = new Map();
let rows = new Map();
let limit = STEP;
let waiting = null;
let onFalseAlarm = () => {};

export function start({ falseAlarm }) {
  onFalseAlarm = falseAlarm;
  byId("today-more").addEventListener("click", () => {
    limit += STEP;
    render();
  });
}

/** Fetch the whole list; entries that change meanwhile win over the fetched ones. */
export async function refresh() {
  const changed = (waiting = new Map());
  let answer = { ok: false };
  try {
    answer = await (await fetch("today")).json();
  } catch {
    // Shown below; the next snapshot tries again.
  }
  if (waiting !== changed) return;
  waiting = null;
  show(byId("today-problem"), !answer.ok);
  if (!answer.ok) return;
  entries = new Map(answer.entries.map((entry) => [keyOf(entry), entry]));
  for (const [key, entry] of changed) entries.set(key, entry);
  render();
}

/** One entry that is new or has changed. */
export function put(entry) {
  entries.set(keyOf(entry), entry);
  waiting?.set(keyOf(entry), entry);
  render();
}

// As in the store: a hit is named by its run and its id.
const keyOf = (entry) => `${entry.run_id ?? ""}/${entry.hit_id}`;

export function render() {
  const standing = [...entries.values()].filter((entry) => entry.state !== "withdrawn" && entry.listed !== false);
  const newestFirst = standing.sort((a, b) => b.raised_utc.localeCompare(a.raised_utc));
  const list = byId("today-rows");
  const shown = newestFirst.slice(0, limit);
  const kept = new Set(shown.map(keyOf));
  for (const [key, row] of rows) {
    if (kept.has(key)) continue;
    row.remove();
    rows.delete(key);
  }
  shown.forEach((entry, place) => {
    const row = rows.get(keyOf(entry)) ?? newRow(entry);
    fill(row, entry);
    if (list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
  });
  renderCounts(newestFirst);
  const rest = newestFirst.length - shown.length;
  byId("today-more").textContent = t("action.more", { n: Math.min(rest, STEP) });
  show(byId("today-more"), rest > 0);
  show(byId("today-empty"), newestFirst.length === 0);
}

function renderCounts(all) {
  const hidden = all.filter((entry) => !entry.shown).length;
  const falseAlarms = all.filter((entry) => entry.false_alarm).length;
  const parts = all.length ? [t("today.count", { n: all.length })] : [];
  if (hidden) parts.push(t("today.count_hidden", { n: hidden }));
  if (falseAlarms) parts.push(t("today.count_false", { n: falseAlarms }));
  byId("today-counts").replaceChildren(...parts.map((part) => make("span", "", part)));
}

function newRow(entry) {
  const row = make("li", "row");
  row.dataset.hitId = entry.hit_id;
  row.parts = {
    time: make("time", "row-time"),
    severity: make("span", "row-severity"),
    phrase: make("span", "row-phrase"),
    tag: make("span", "tag"),
    heard: make("p", "row-heard"),
    clause: make("p", "row-clause"),
    advice: make("p", "row-advice"),
    reason: make("p", "row-reason"),
    why: make("details", "trace"),
    button: make("button", "button button-small"),
  };
  const { time, severity, phrase, tag, heard, clause, advice, reason, why, button } = row.parts;
  why.append(make("summary"), make("ul"));
  button.type = "button";
  button.append(icon("flag"), make("span"));
  button.addEventListener("click", () => onFalseAlarm(entry.hit_id));
  const head = make("div", "row-head");
  head.append(severity, phrase, tag, button);
  const body = make("div", "row-body");
  body.append(head, heard, advice, clause, reason, why);
  row.append(time, body);
  rows.set(keyOf(entry), row);
  return row;
}

function fill(row, entry) {
  const { time, severity, phrase, tag, heard, clause, advice, reason, why, button } = row.parts;
  row.dataset.severity = entry.severity;
  row.classList.toggle("is-muted", entry.false_alarm);
  time.textContent = clock(entry.raised_utc);
  time.dateTime = entry.raised_utc;
  severity.replaceChildren(icon(entry.severity), make("span", "unseen", t(`severity.${entry.severity}`)));
  severity.title = t(`severity.${entry.severity}`);
  phrase.textContent = entry.phrase;
  tag.textContent = t("today.false_alarm");
  show(tag, entry.false_alarm);
  heard.replaceChildren(make("span", "label", t("card.heard")), t("card.quoted", { text: entry.heard }));
  advice.replaceChildren(make("span", "label", t("card.say")), entry.advice ?? "");
  show(advice, Boolean(entry.advice));
  clause.replaceChildren(
    make("span", "label", t("card.basis")),
    t("card.clause", { title: entry.standard_title, clause: entry.clause }),
  );
  show(clause, Boolean(entry.clause));
  reason.textContent = notShown(entry);
  show(reason, !entry.shown);
  why.firstChild.textContent = t("card.why");
  fillTrace(why, entry.why?.[language]);
  button.lastChild.textContent = t("action.false_alarm");
  button.setAttribute("aria-label", `${t("action.false_alarm")}: ${entry.phrase}`);
  show(button, !entry.false_alarm);
}

function notShown(entry) {
  const code = entry.suppressed ?? "";
  return t("today.not_shown", { reason: tOr(`suppressed.${code}`, "suppressed.other", { code }) });
}
