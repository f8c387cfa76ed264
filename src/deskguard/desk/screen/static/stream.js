/* The event stream, and getting it back when it is lost. */

const KINDS = ["snapshot", "desk", "state", "level", "card", "card_gone", "today", "health", "rules", "fleet", "pause_reason", "visit", "day", "help"];
// The server sends a ping every 4 s when nothing else happens.
const SILENT_MS = 12000;
const SOON_MS = 400;
const LATER_MS = 3000;

/**
 * Keep a stream open: `onEvent(kind, payload)` for each event, `onConnection(word)` with open, reconnecting,
 * refused or retired. Returns a function that connects anew at once.
 */
export function follow(onEvent, onConnection) {
  let source = null;
  let lastEventMs = 0;
  let waitMs = SOON_MS;
  let timer = 0;

  function open() {
    source = new EventSource("events");
    lastEventMs = performance.now();
    source.onerror = lost;
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        lastEventMs = performance.now();
        if (kind === "snapshot") {
          waitMs = SOON_MS;
          onConnection("open");
        }
        onEvent(kind, JSON.parse(event.data));
      });
    }
    source.addEventListener("ping", () => (lastEventMs = performance.now()));
    source.addEventListener("retired", () => {
      close();
      onConnection("retired");
    });
  }

  function close() {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  function lost() {
    close();
    onConnection("reconnecting");
    timer = setTimeout(retry, waitMs);
    waitMs = Math.min(waitMs * 2, LATER_MS);
  }

  // An EventSource does not tell a refusal from a failure: ask first.
  async function retry() {
    try {
      const answer = await fetch("snapshot");
      if (answer.ok) return open();
      if (answer.status === 403) onConnection("refused");
    } catch {
      onConnection("reconnecting");
    }
    timer = setTimeout(retry, LATER_MS);
  }

  setInterval(() => {
    if (source && performance.now() - lastEventMs > SILENT_MS) lost();
  }, 2000);
  open();
  return () => {
    close();
    open();
  };
}

/** Tell the desk something; the answer has `ok`, and what went wrong if it is false. */
export async function tell(path, body = {}, more = {}) {
  try {
    const answer = await fetch(path, {
      ...more,
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return await answer.json();
  } catch {
    return { ok: false };
  }
}
