/* The card: one at most, no sound, no focus taken, gone by itself. */

import { announce, byId, fillTrace, isStill, make, setIcon, show } from "./dom.js";
import { clock, language, t } from "./i18n.js";

const MOST_CLAUSES = 2;
const MOST_MEASURED = 1000;
// A click meant for the card before must not put away the one that has just taken its place.
const SETTLE_MS = 500;

let current = null;
let timer = 0;
let countdown = null;
let settledMs = 0;
let onChange = () => {};

/** Wire the buttons; `changed` is called whenever a card comes or goes. */
export function start({ dismiss, falseAlarm, changed }) {
  onChange = changed;
  const onCard = (act) => () => current && performance.now() >= settledMs && act(current.hit_id);
  byId("card-dismiss").addEventListener("click", onCard(dismiss));
  byId("card-false-alarm").addEventListener("click", onCard(falseAlarm));
}

export const isUp = () => current !== null;

/** Put up a card, or bring the one that is up to its latest state; a longer form of it is no new card. */
export function put(card) {
  if (card.state === "withdrawn" || !(card.left_s > 0)) return take(card.hit_id);
  const isNew = current?.hit_id !== card.hit_id;
  const isInterruption = isNew && !(current && card.replaces === current.hit_id);
  if (isInterruption) {
    if (current) settledMs = performance.now() + SETTLE_MS;
    byId("card-why").open = false;
  }
  current = card;
  render();
  if (isInterruption) {
    appear();
    announce(t("card.announce", { severity: t(`severity.${card.severity}`), advice: advice(card) }));
  }
  if (isNew) measure(card);
  run(card.left_s, card.show_s);
  onChange();
}

/** Take down the card of a hit, or whichever is up when no hit is named. */
export function take(hitId) {
  if (!current || (hitId !== undefined && current.hit_id !== hitId)) return;
  const element = byId("card");
  const hadFocus = element.contains(document.activeElement);
  current = null;
  clearTimeout(timer);
  countdown?.cancel();
  element.hidden = true;
  // A keyboard user must not be thrown back to the top of the page.
  if (hadFocus) byId("stage").focus({ preventScroll: true });
  onChange();
}

/** Put all words in again, after a change of language too. */
export function render() {
  if (!current) return;
  byId("card").dataset.severity = current.severity;
  byId("card").dataset.hitId = current.hit_id;
  setIcon("card-icon", current.severity);
  byId("card-severity-word").textContent = t(`severity.${current.severity}`);
  show(byId("card-mark"), current.state === "tentative");
  byId("card-time").textContent = clock(current.raised_utc, true);
  byId("card-heard").textContent = t("card.quoted", { text: current.heard });
  byId("card-say").textContent = advice(current);
  renderBasis();
  fillTrace(byId("card-why"), current.why?.[language]);
}

function renderBasis() {
  const first = { title: current.standard_title, clause: current.clause, quote: current.quote };
  const clauses = current.clauses?.length ? current.clauses : [first];
  const named = clauses.filter((one) => one.quote || one.title);
  const items = named.slice(0, MOST_CLAUSES).map((one) => {
    const item = make("li");
    item.append(make("span", "basis-clause", where(one)), make("q", "basis-quote", one.quote));
    return item;
  });
  const rest = named.slice(MOST_CLAUSES);
  const others = rest.map(where).join(t("card.basis_between"));
  if (rest.length) items.push(make("li", "basis-more", t("card.basis_more", { n: rest.length, clauses: others })));
  byId("card-basis").replaceChildren(...items);
  show(byId("card-basis-block"), named.length > 0);
}

const where = (one) => t("card.clause", { title: one.title, clause: one.clause });
const advice = (card) => card.advice || t("card.no_advice");

function appear() {
  const element = byId("card");
  element.hidden = false;
  if (isStill()) return;
  const frames = [
    { opacity: 0, transform: "translateY(10px)" },
    { opacity: 1, transform: "none" },
  ];
  element.animate(frames, { duration: 260, easing: "cubic-bezier(.2,.7,.2,1)" });
}

/** Count down what is left, as the server sees it. */
function run(leftS, showS) {
  clearTimeout(timer);
  countdown?.cancel();
  const hitId = current.hit_id;
  timer = setTimeout(() => take(hitId), leftS * 1000);
  const from = Math.min(1, leftS / showS);
  const easing = isStill() ? `steps(${Math.max(1, Math.ceil(leftS / 3))})` : "linear";
  countdown = byId("card-left").animate([{ transform: `scaleX(${from})` }, { transform: "scaleX(0)" }], {
    duration: leftS * 1000,
    easing,
    fill: "forwards",
  });
}

/** Note when the card was on the screen: a message posted in a frame runs once that frame has been drawn. */
function measure(card) {
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      window.deskguard.cardShown.push({
        hit_id: card.hit_id,
        shown_epoch_ms: performance.timeOrigin + performance.now(),
        raised_epoch_ms: card.raised_epoch_ms ?? null,
      });
      if (window.deskguard.cardShown.length > MOST_MEASURED) window.deskguard.cardShown.shift();
      port1.close();
    };
    port2.postMessage(null);
  });
}
