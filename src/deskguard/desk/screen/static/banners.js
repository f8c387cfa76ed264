/* What is wrong now, in words, with what to do about it. */

import { announce, byId, icon, make, show } from "./dom.js";
import { clock, lasting, t, tOr } from "./i18n.js";

const GAP_SHOWN_MS = 10 * 60 * 1000;
const HELP_SHOWN_MS = 10 * 60 * 1000;

const shown = new Map();
let lastLost = null;
let gap = null;
let helpClosed = "";
const fleetClosed = new Set();

/** Remember when the microphone went and came back, so that the gap can be named. */
export function note(state) {
  if (!state) return;
  if (state.state === "microphone-lost") {
    lastLost = state.since_utc;
    gap = null;
  } else if (lastLost && state.state === "listening") {
    gap = { from: lastLost, to: state.since_utc, untilMs: performance.now() + GAP_SHOWN_MS };
    lastLost = null;
  }
}

/** Bring the banners in line with what is known. */
export function render(model) {
  const wanted = current(model);
  for (const [id, banner] of shown) {
    if (wanted.some((one) => one.id === id)) continue;
    banner.remove();
    shown.delete(id);
  }
  for (const one of wanted) {
    const isNew = !shown.has(one.id);
    const banner = shown.get(one.id) ?? newBanner(one);
    banner.parts.title.textContent = one.title;
    banner.parts.extra.textContent = one.extra ?? "";
    banner.parts.remedy.textContent = one.remedy;
    banner.parts.detail.textContent = one.detail ?? "";
    show(banner.parts.detail, Boolean(one.detail));
    if (isNew) announce(`${one.title} ${one.remedy}`);
  }
}

function current({ state, health, rules, fleet, help }) {
  const codes = new Set([...(state?.notes ?? []), ...(health?.notes ?? [])]);
  if (rules?.error) codes.add("rules-rejected");
  if (state?.state === "microphone-lost") codes.add("microphone-lost");
  else codes.delete("microphone-lost");
  const wanted = [...codes].map((code) => ({
    id: code,
    tone: code === "rules-rejected" ? "care" : "bad",
    title: tOr(`banner.${code}_title`, "banner.other_title", { code }),
    remedy: tOr(`banner.${code}_remedy`, "banner.other_remedy", { code }),
    detail: code === "rules-rejected" ? rules?.error : "",
    extra: code === "microphone-lost" ? t("banner.lost_for", { time: since(state.since_utc) }) : "",
  }));
  if (gap && performance.now() < gap.untilMs) {
    const time = lasting((new Date(gap.to) - new Date(gap.from)) / 1000);
    const body = t("banner.gap_body", { from: clock(gap.from, true), to: clock(gap.to, true), time });
    wanted.push({ id: "gap", tone: "calm", title: t("banner.gap_title"), remedy: body, close: () => (gap = null) });
  }
  wanted.push(...published(fleet));
  if (help && help.at_utc !== helpClosed && Date.now() - new Date(help.at_utc) < HELP_SHOWN_MS) wanted.unshift(called(help));
  return wanted;
}

/** What the hall published and is not in force here; what the clerk has closed stays away until the next one. */
function published(fleet) {
  const wanted = [];
  for (const [kind, { refused, number, waits }] of Object.entries(fleet ?? {})) {
    if (refused) wanted.push({ code: `hall-${kind}-refused`, tone: "care", number, reason: refused });
    if (waits) wanted.push({ code: `hall-${kind}-waiting`, tone: "calm", number, reason: "" });
  }
  return wanted
    .map(({ code, tone, number, reason }) => ({
      id: [code, number, reason].join(" ").trim(),
      tone,
      title: t(`banner.${code}_title`),
      remedy: t(`banner.${code}_remedy`),
      detail: reason && t("banner.hall_reason", { number: number || "—", reason: tOr(`fleet_reason.${reason}`, "fleet_reason.other", { reason }) }),
    }))
    .filter(({ id }) => !fleetClosed.has(id))
    .map((one) => ({ ...one, close: () => fleetClosed.add(one.id) }));
}

/** A call for help, and honestly whether anybody got it. */
function called({ at_utc, is_reached }) {
  const word = is_reached ? "reached" : "kept";
  return {
    // A second call is a banner of its own, so that it is read aloud too.
    id: `help-${at_utc}`,
    tone: is_reached ? "calm" : "care",
    title: t(`help.${word}_title`, { time: clock(at_utc) }),
    remedy: t(`help.${word}_body`),
    close: () => (helpClosed = at_utc),
  };
}

const since = (utc) => lasting((Date.now() - new Date(utc)) / 1000);

function newBanner({ id, tone, close: onClose }) {
  const banner = make("div", "banner");
  banner.dataset.tone = tone;
  banner.dataset.code = id;
  banner.parts = {
    title: make("strong"),
    extra: make("span", "banner-extra"),
    remedy: make("p"),
    detail: make("p", "banner-detail"),
  };
  const { title, extra, remedy, detail } = banner.parts;
  const head = make("p", "banner-head");
  head.append(title, " ", extra);
  const body = make("div", "banner-body");
  body.append(head, remedy, detail);
  banner.append(icon(tone === "calm" ? "low" : "medium"), body);
  if (onClose) {
    const close = make("button", "button button-quiet button-icon");
    close.type = "button";
    close.setAttribute("aria-label", t("action.close"));
    close.append(icon("close"));
    close.addEventListener("click", () => {
      onClose();
      banner.remove();
      shown.delete(id);
    });
    banner.append(close);
  }
  byId("banners").append(banner);
  shown.set(id, banner);
  return banner;
}
