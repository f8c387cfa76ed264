/* Joins the event stream to the parts of the page. */

import * as banners from "./banners.js";
import * as bar from "./bar.js";
import * as card from "./card.js";
import * as day from "./day.js";
import { byId, show, toast } from "./dom.js";
import * as help from "./help.js";
import { firstChoice, switchOver, t, use } from "./i18n.js";
import * as sent from "./sent.js";
import { follow, tell } from "./stream.js";
import * as today from "./today.js";
import * as visit from "./visit.js";

window.deskguard = { cardShown: [] };

const model = { connection: "connecting", state: null, health: null, rules: null, fleet: null, pauseReason: "", windowId: "", help: null };
let date = new Date().toDateString();

const on = {
  snapshot(all) {
    model.windowId = all.desk?.window_id ?? model.windowId;
    model.pauseReason = all.pause_reason?.reason ?? "";
    model.health = all.health;
    model.rules = all.rules;
    model.fleet = all.fleet;
    model.help = all.help;
    visit.put(all.visit);
    day.put(all.day);
    on.state(all.state);
    on.level(all.level);
    if (all.card) card.put(all.card);
    else card.take();
    today.refresh();
  },
  desk: (desk) => (model.windowId = desk.window_id),
  state(state) {
    model.state = state;
    banners.note(state);
    if (state?.state !== "listening") on.level(null);
  },
  level: (level) => bar.level(model.state?.state === "listening" ? level : null),
  card: (one) => card.put(one),
  card_gone: (gone) => card.take(gone.hit_id),
  today: ({ entry }) => today.put(entry),
  health: (health) => (model.health = health),
  rules: (rules) => (model.rules = rules),
  fleet: (fleet) => (model.fleet = fleet),
  pause_reason: ({ reason }) => (model.pauseReason = reason),
  visit: (board) => visit.put(board),
  day: (numbers) => day.put(numbers),
  help: (call) => (model.help = call),
};

function onEvent(kind, payload) {
  on[kind](payload);
  if (payload.gap) catchUp();
  if (kind !== "level") render();
}

/** Events were dropped for this tab: ask for everything again. */
async function catchUp() {
  const answer = await fetch("snapshot").catch(() => null);
  if (answer?.ok) onEvent("snapshot", await answer.json());
}

function render() {
  bar.render(model);
  banners.render(model);
  show(byId("idle"), !card.isUp());
  byId("stage").classList.toggle("has-card", card.isUp());
}

function renderAll() {
  card.render();
  today.render();
  sent.render();
  visit.render();
  day.render();
  help.render();
  render();
}

async function act(path, body = {}, thanks = "") {
  const answer = await tell(path, body);
  if (answer.ok) {
    if (body.hit_id) card.take(body.hit_id);
    if (thanks) toast(t(thanks));
  } else if (answer.code === "unknown-hit") {
    card.take(body.hit_id);
    toast(t("action.card_already_gone"));
  } else {
    toast(answer.problem ? t("action.failed", { problem: answer.problem }) : t("action.failed_plain"));
  }
}

async function start() {
  await use(firstChoice());
  const falseAlarm = (hitId) => act("false-alarm", { hit_id: hitId }, "action.false_alarm_saved");
  const resume = () => act("resume");
  bar.start({ pause: (reason) => act("pause", { reason }), resume });
  card.start({ dismiss: (hitId) => act("dismiss", { hit_id: hitId }), falseAlarm, changed: render });
  today.start({ falseAlarm });
  sent.start();
  const sendNow = () => tell("help", {}, { keepalive: true });
  help.start({ call: () => act("help"), sendNow });
  byId("language").addEventListener("click", () => switchOver().then(renderAll, () => toast(t("action.failed_plain"))));
  const connectAnew = follow(onEvent, (connection) => {
    model.connection = connection;
    render();
  });
  byId("idle-action").addEventListener("click", () => (model.connection === "open" ? resume() : connectAnew()));
  render();
  document.body.classList.remove("is-loading");
  setInterval(everySecond, 1000);
}

function everySecond() {
  bar.tick(model);
  banners.render(model);
  visit.tick();
  if (date !== new Date().toDateString()) {
    date = new Date().toDateString();
    today.refresh();
  }
}

start();
