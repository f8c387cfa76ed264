/* Calling for help: one press, and some seconds to take it back. Leaving the page does not take it back. */

import { announce, byId, show, toast } from "./dom.js";
import { t } from "./i18n.js";

const UNDO_MS = 3000;

let dueMs = 0;
let timer = 0;
let onCall = () => {};

/** `call` sends the call, `sendNow` does so while the page is being closed. */
export function start({ call, sendNow }) {
  onCall = call;
  byId("help").addEventListener("click", press);
  byId("help-undo").addEventListener("click", undo);
  document.addEventListener("keydown", (event) => event.key === "Escape" && undo());
  addEventListener("pagehide", () => {
    if (!dueMs) return;
    stop();
    sendNow();
  });
}

/** Put the words in again, after a change of language too. */
export function render() {
  const left = Math.ceil((dueMs - performance.now()) / 1000);
  if (dueMs) byId("help-count").textContent = t("help.soon", { n: Math.max(1, left) });
}

// A second press is no taking back: who is afraid presses twice.
function press() {
  if (dueMs) return;
  dueMs = performance.now() + UNDO_MS;
  timer = setInterval(count, 200);
  render();
  show(byId("help-bar"), true);
  byId("help").classList.add("is-pending");
  announce(byId("help-count").textContent);
}

function count() {
  if (performance.now() < dueMs) return render();
  stop();
  onCall();
}

function undo() {
  if (!dueMs) return;
  stop();
  toast(t("help.undone"));
}

function stop() {
  dueMs = 0;
  clearInterval(timer);
  byId("help").classList.remove("is-pending");
  if (byId("help-bar").contains(document.activeElement)) byId("help").focus();
  show(byId("help-bar"), false);
}
