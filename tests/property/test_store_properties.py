"""Whatever is saved, in whatever order and however often the store is reopened, reads back as a dict would."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from deskguard.desk.deskstate import HitList
from deskguard.desk.store import Store, utc_text
from deskguard.privacy.redact import redact
from deskguard.values import HitState
from store_values import NOON, DictStore, a_hypothesis, a_run, an_alert, entry_key

DAY = "2026-11-21"
HIT_IDS = st.sampled_from(["a", "b", "c"])
RUN_IDS = st.sampled_from(["run-1", "run-2"])
HEARD = st.sampled_from(["不知道", "电话13800138000", "自己看"])
# Noon in UTC, give or take some seconds: the same local day in any zone but two, whose day we do not ask for.
MOMENTS = st.integers(0, 3).map(lambda second: f"{DAY}T12:00:0{second}+00:00")
ALERTS = st.builds(
    an_alert,
    hit_id=HIT_IDS,
    state=st.sampled_from(get_args(HitState)),
    heard=HEARD,
    suppressed=st.sampled_from([None, "cooldown"]),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("alert"), RUN_IDS, ALERTS, MOMENTS),
        st.tuples(st.just("utterance"), RUN_IDS, st.integers(0, 2), HEARD, st.booleans()),
        st.tuples(st.just("mark"), HIT_IDS),
        st.tuples(st.just("reopen")),
        st.tuples(st.just("end"), RUN_IDS),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_any_history_reads_back_as_the_model_says(steps: list[tuple[object, ...]]) -> None:
    model = DictStore()
    memory = HitList()
    with tempfile.TemporaryDirectory() as folder:
        store = _opened(Path(folder), model)
        for kind, *what in steps:
            if kind == "reopen":
                store.close()
                store = _opened(Path(folder), model)
            else:
                _apply(str(kind), what, store, (model, memory))
        expected = model.today(DAY)
        assert [entry_key(one) for one in store.today(DAY)] == expected
        in_memory = memory.between(utc_text(f"{DAY}T00:00:00+00:00"), utc_text(f"{DAY}T23:59:59+00:00"))
        assert [entry_key(one) for one in in_memory] == expected
        _compare_tables(store, model)
        store.close()


def _opened(folder: Path, model: DictStore) -> Store:
    store = Store.open(folder)
    still_open = sorted(run for run, reason in model.ended.items() if reason is None)
    assert sorted(store.unfinished_runs()) == still_open
    for run in still_open:
        model.ended[run] = "crashed"
    for run in ("run-1", "run-2"):
        if run not in model.ended:
            store.begin_run(a_run(run))
            model.ended[run] = None
    return store


def _apply(kind: str, what: list[object], store: Store, models: tuple[DictStore, HitList]) -> None:
    model, memory = models
    if kind == "alert":
        run, alert, moment = what
        store.save_alert(run, alert, moment)  # type: ignore[arg-type]
        model.save_alert(run, alert, utc_text(str(moment)))  # type: ignore[arg-type]
        memory.save_alert(run, alert, utc_text(str(moment)))  # type: ignore[arg-type]
    elif kind == "utterance":
        run, number, text, keep = what
        store.save_utterance(str(run), a_hypothesis(str(text), int(str(number))), bool(keep))
        model.utterances[str(run), int(str(number))] = redact(str(text)) if keep else None
    elif kind == "mark":
        hit_id = str(what[0])
        assert store.mark_false_alarm(hit_id, NOON) == model.mark(hit_id) == memory.mark_false_alarm(hit_id)
    else:
        store.end_run(str(what[0]), "stopped")
        model.ended[str(what[0])] = "stopped"


def _compare_tables(store: Store, model: DictStore) -> None:
    ask = store._connection.execute
    utterances = {
        (run, number): text for run, number, text in ask("SELECT run_id, utterance_id, text FROM utterances")
    }
    assert utterances == model.utterances
    states: dict[tuple[str, str], list[str]] = {}
    for run, hit, state in ask("SELECT run_id, hit_id, state FROM hit_states ORDER BY position"):
        states.setdefault((run, hit), []).append(state)
    assert states == model.states
    assert dict(ask("SELECT run_id, ended_reason FROM runs")) == model.ended
    assert ask("PRAGMA integrity_check").fetchone() == ("ok",)
    assert ask("PRAGMA foreign_key_check").fetchall() == []
