/* What this desk told the hall, field by field as it went; asked for when somebody opens it. */

import { byId, make, show } from "./dom.js";
import { clock, t } from "./i18n.js";

let entries = [];

export function start() {
  byId("sent").addEventListener("toggle", () => byId("sent").open && refresh());
}

async function refresh() {
  const answer = await fetch("sent").catch(() => null);
  if (!answer?.ok) return;
  entries = (await answer.json()).entries;
  render();
}

export function render() {
  show(byId("sent-empty"), entries.length === 0);
  byId("sent-rows").replaceChildren(...entries.map(row));
}

function row({ sent_utc, refused, event }) {
  const item = make("li", "sent-row");
  const time = make("time", "row-time", clock(sent_utc));
  time.dateTime = sent_utc;
  item.append(time, make("code", "sent-event", JSON.stringify(event)));
  if (refused) item.append(make("span", "tag", t("sent.refused", { code: refused })));
  return item;
}
