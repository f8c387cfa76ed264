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
