/* Small makers of elements. Text only ever enters as textContent: what was heard is never markup. */

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);
export const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export function setIcon(id, name) {
  byId(id).setAttribute("href", `#i-${name}`);
}

/** Show or hide without touching what already is so. */
export function show(element, isShown) {
  if (element.hidden === isShown) element.hidden = !isShown;
}

/** Fill the lines of a "why" that opens on demand, in the page's language; hidden when there are none. */
export function fillTrace(details, lines) {
  const list = details.querySelector("ul");
  const wanted = lines ?? [];
  const isSame = list.children.length === wanted.length && wanted.every((line, n) => list.children[n].textContent === line);
  if (!isSame) list.replaceChildren(...wanted.map((line) => make("li", "", line)));
  show(details, wanted.length > 0);
}

export function announce(text) {
  byId("announce").textContent = text;
}

let toastTimer = 0;

export function toast(text) {
  const element = byId("toast");
  element.textContent = text;
  element.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (element.hidden = true), 4000);
}
