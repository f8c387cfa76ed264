/* The day in numbers: how many visits, what was said in them, and what was measured. Values, never marks. */

import { byId, make, show } from "./dom.js";
import { t, tOr } from "./i18n.js";

let day = null;

export function put(latest) {
  day = latest;
  render();
}

export function render() {
  const has = Boolean(day?.visits);
  show(byId("day"), has);
  if (!has) return;
  const counts = [t("day.visits", { n: day.visits }), t("day.said", { n: day.said })];
  if (day.missing) counts.push(t("day.missing", { n: day.missing }));
  byId("day-counts").replaceChildren(...counts.map((one) => make("span", "", one)));
  byId("day-values").replaceChildren(...day.manners.flatMap(row));
  show(byId("day-measured"), day.manners.length > 0);
  show(byId("day-nothing"), day.manners.length === 0);
}

function row({ kind, unit, times, value, expected }) {
  const name = make("dt", "", tOr(`manner.${kind}`, "manner.other", { kind }));
  const values = make("dd", "");
  values.append(
    make("span", "day-value", tOr(`unit.${unit}`, "unit.other", { value, unit })),
    make("span", "label", t("day.reference", { value: expected })),
    make("span", "label", t("day.times", { n: times })),
  );
  return [name, values];
}
