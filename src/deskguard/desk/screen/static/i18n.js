/* The catalogue's words: fetched once for each language, filled in, and put into marked elements. */

const LANGUAGES = ["zh-CN", "en"];
const KEPT_AS = "deskguard.language";

let texts = {};
export let language = "zh-CN";

/** The language to begin with: the address, then what was chosen before, then the desk's own. */
export function firstChoice() {
  const asked = new URLSearchParams(location.search).get("lang");
  const choices = [asked, kept(), document.documentElement.dataset.defaultLanguage];
  return choices.find((one) => LANGUAGES.includes(one)) ?? LANGUAGES[0];
}

/** Fetch a language and put it into the page. */
export async function use(wanted) {
  const answer = await fetch(`strings/${wanted}`);
  if (!answer.ok) throw new Error(`strings: ${answer.status}`);
  texts = await answer.json();
  language = wanted;
  document.documentElement.lang = wanted;
  fill(document);
}

/** Choose the other language for good. */
export async function switchOver() {
  const wanted = LANGUAGES.find((one) => one !== language);
  await use(wanted);
  try {
    localStorage.setItem(KEPT_AS, wanted);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
  const address = new URL(location.href);
  if (address.searchParams.has("lang")) {
    address.searchParams.set("lang", wanted);
    history.replaceState(null, "", address);
  }
}

/** A text with its {placeholders} filled in. */
export function t(key, values = {}) {
  const text = texts[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** A text for a code that may be newer than this page. */
export function tOr(key, otherKey, values = {}) {
  return key in texts ? t(key, values) : t(otherKey, values);
}

/** Time of day as the clerk's clock shows it. */
export function clock(utc, withSeconds = false) {
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  if (withSeconds) options.second = "2-digit";
  const moment = new Date(utc);
  return Number.isNaN(moment.getTime()) ? "" : moment.toLocaleTimeString(language, options);
}

/** A length of time as 12:05 or 3:12:05. */
export function lasting(lengthS) {
  const whole = Math.max(0, Math.floor(lengthS));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [minutes, seconds] = parts.slice(1).map((one) => String(one).padStart(2, "0"));
  return parts[0] > 0 ? `${parts[0]}:${minutes}:${seconds}` : `${minutes}:${seconds}`;
}

function fill(root) {
  for (const element of root.querySelectorAll("[data-i18n]")) element.textContent = t(element.dataset.i18n);
  for (const element of root.querySelectorAll("[data-i18n-label]")) {
    element.setAttribute("aria-label", t(element.dataset.i18nLabel));
    element.title = t(element.dataset.i18nLabel);
  }
}

function kept() {
  try {
    return localStorage.getItem(KEPT_AS);
  } catch {
    return null;
  }
}
