/* The top bar and the quiet state of the stage: what the desk is doing, in a dot, a word and a level. */

import { byId, make, setIcon, show } from "./dom.js";
import { lasting, t } from "./i18n.js";

const TICKS = 14;
// Speech at a counter lies between these; below is room noise, above is too close to the microphone.
const QUIET_DBFS = -60;
const LOUD_DBFS = -6;

const ICONS = {
  listening: "check",
  paused: "pause",
  "microphone-lost": "unplug",
  stopped: "stop",
  refused: "close",
  retired: "stop",
};

export function start({ pause, resume }) {
  byId("meter").append(...Array.from({ length: TICKS }, () => make("span", "tick")));
  byId("pause").addEventListener("click", () => (isPaused() ? resume() : pause("")));
  startMenu(pause);
}

/** What to show: the connection's trouble comes before the desk's own state. */
export function word({ connection, state }) {
  if (connection === "open") return state?.state ?? "connecting";
  // A desk that said it was stopping has not been lost.
  if (connection === "reconnecting" && state?.state === "stopped") return "stopped";
  return connection;
}

export function render(model) {
  const now = word(model);
  document.body.dataset.state = now;
  setText("status-word", t(`state.${now}`));
  const reason = now === "paused" ? model.pauseReason : "";
  setText("status-reason", reason ? t(`pause.${reason}`) : "");
  document.title = `${t(`state.${now}`)} · ${t("page.title")}`;
  setText("window-id", model.windowId || "deskguard");
  renderPause(now);
  renderIdle(now);
  renderFigures(model.health);
  tick(model);
}

/** Once a second: the time this state has lasted. */
export function tick(model) {
  const since = new Date(model.state?.since_utc ?? NaN).getTime();
  const isTimed = ["listening", "paused", "microphone-lost"].includes(word(model)) && !Number.isNaN(since);
  setText("elapsed", isTimed ? lasting((Date.now() - since) / 1000) : "");
}

export function level(value) {
  const meter = byId("meter");
  const dbfs = value?.dbfs ?? QUIET_DBFS;
  const ratio = Math.min(1, Math.max(0, (dbfs - QUIET_DBFS) / (LOUD_DBFS - QUIET_DBFS)));
  const lit = Math.round(ratio * TICKS);
  meter.classList.toggle("is-speech", Boolean(value?.speech));
  [...meter.children].forEach((tickMark, place) => tickMark.classList.toggle("is-lit", place < lit));
  meter.setAttribute("aria-label", `${t("state.level")}: ${t(value?.speech ? "state.level_speech" : "state.level_quiet")}`);
  byId("idle").style.setProperty("--level", ratio.toFixed(2));
}

function renderPause(now) {
  setText("pause-word", t(now === "paused" ? "action.resume" : "action.pause"));
  setIcon("pause-icon", now === "paused" ? "play" : "pause");
  byId("pause").setAttribute("aria-label", t(now === "paused" ? "action.resume" : "action.pause"));
  const canPause = ["listening", "microphone-lost", "paused"].includes(now);
  byId("pause").disabled = !canPause;
  byId("pause-more").disabled = !canPause;
  show(byId("pause-more"), now !== "paused");
  if (now === "paused") closeMenu();
}

function renderIdle(now) {
  setIcon("idle-icon", ICONS[now] ?? "wait");
  setText("idle-title", t(`idle.${now}_title`));
  setText("idle-body", t(`idle.${now}_body`));
  const action = { paused: "action.resume", retired: "action.use_here" }[now];
  setText("idle-action", action ? t(action) : "");
  show(byId("idle-action"), Boolean(action));
}

function renderFigures(health) {
  const parts = [];
  if (health?.heard_s) parts.push(t("page.heard_total", { time: lasting(health.heard_s) }));
  if (health?.lost_s >= 1) parts.push(t("page.lost_total", { time: lasting(health.lost_s) }));
  if (health?.windows_skipped) parts.push(t("page.skipped_total", { n: health.windows_skipped }));
  byId("figures").replaceChildren(...parts.map((part) => make("span", "", part)));
}

const isPaused = () => document.body.dataset.state === "paused";

/** Unchanged text is left alone: screen readers would read it again. */
function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

function startMenu(pause) {
  const menu = byId("pause-menu");
  const items = [...menu.children];
  byId("pause-more").addEventListener("click", () => (menu.hidden ? openMenu() : closeMenu()));
  menu.addEventListener("click", (event) => {
    const item = event.target.closest("[data-reason]");
    if (!item) return;
    closeMenu();
    pause(item.dataset.reason);
  });
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") closeMenu(true);
    if (event.key === "Tab") closeMenu();
    if (!step) return;
    event.preventDefault();
    items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!byId("pause-group").contains(event.target)) closeMenu();
  });
}

function openMenu() {
  byId("pause-menu").hidden = false;
  byId("pause-more").setAttribute("aria-expanded", "true");
  byId("pause-menu").firstElementChild.focus();
}

function closeMenu(giveFocusBack = false) {
  if (byId("pause-menu").hidden) return;
  byId("pause-menu").hidden = true;
  byId("pause-more").setAttribute("aria-expanded", "false");
  if (giveFocusBack) byId("pause-more").focus();
}
