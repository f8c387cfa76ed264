"""The two queues of a desk, bounded in seconds of audio, with the drop policy of each."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace

from deskguard.values import SAMPLE_RATE_HZ, AudioChunk, SpeechWindow


class ChunkQueue:
    """Capture to endpointing: when full, the oldest audio goes and the next chunk says how much is missing."""

    def __init__(self, bound_s: float) -> None:
        self._bound = int(bound_s * SAMPLE_RATE_HZ)
        self._chunks: deque[AudioChunk] = deque()
        self._waiting = 0
        self._lost = 0
        self._is_closed = False
        self._ready = threading.Condition()
        self.lost_samples = 0
        """Dropped here or reported lost by the source, in all; by one of two microphones counts, too."""

    def put(self, chunk: AudioChunk) -> bool:
        """Never blocks. False once the queue is closed."""
        with self._ready:
            if self._is_closed:
                return False
            self._chunks.append(chunk)
            self._waiting += chunk.pcm.shape[1]
            self.lost_samples += chunk.lost_before + _one_sided(chunk)
            while self._waiting > self._bound and len(self._chunks) > 1:
                oldest = self._chunks.popleft()
                self._waiting -= oldest.pcm.shape[1]
                self._lost += oldest.lost_before + oldest.pcm.shape[1]
                self.lost_samples += oldest.pcm.shape[1] - _one_sided(oldest)
            self._ready.notify()
        return True

    def take(self, timeout_s: float | None = None) -> AudioChunk | None:
        """The next chunk; None when none came in time, or when closed and empty."""
        with self._ready:
            if not self._ready.wait_for(lambda: self._chunks or self._is_closed, timeout_s) or not self._chunks:
                return None
            chunk = self._chunks.popleft()
            self._waiting -= chunk.pcm.shape[1]
            lost, self._lost = self._lost, 0
        return replace(chunk, lost_before=chunk.lost_before + lost) if lost else chunk

    def close(self) -> None:
        """No more chunks will come; what waits can still be taken."""
        with self._ready:
            self._is_closed = True
            self._ready.notify_all()

    @property
    def is_done(self) -> bool:
        with self._ready:
            return self._is_closed and not self._chunks

    @property
    def waiting_samples(self) -> int:
        return self._waiting


def _one_sided(chunk: AudioChunk) -> int:
    """Samples of it that one microphone did not deliver."""
    return chunk.pcm.shape[1] if chunk.missing else 0


class WindowQueue:
    """Endpointing to recognition: a newer partial window replaces the one that waits; finals all stay.

    A hush is taken after the partial window before it, and is void once anything newer waits.

    When finals fill the bound, `put` blocks, the chunk queue fills up, and the oldest audio is lost there, in
    one place and counted.
    """

    def __init__(self, bound_s: float) -> None:
        self._bound = int(bound_s * SAMPLE_RATE_HZ)
        self._finals: deque[SpeechWindow] = deque()
        self._partial: SpeechWindow | None = None
        self._hush: SpeechWindow | None = None
        """After the partial window: it is about the text of that one."""
        self._is_closed = False
        self._changed = threading.Condition()
        self.skipped = 0
        """Partial windows that were replaced before anybody took them."""

    def put(self, window: SpeechWindow, *, block: bool = True) -> None:
        with self._changed:
            if window.is_hush:
                self._hush = window
            elif not window.is_final:
                self.skipped += self._partial is not None
                self._partial, self._hush = window, None
            else:
                if self._hush is not None and self._hush.utterance_id == window.utterance_id:
                    self._hush = None
                if self._partial is not None and self._partial.utterance_id == window.utterance_id:
                    self.skipped += 1
                    self._partial = None
                if block:
                    self._changed.wait_for(lambda: self._has_room(window) or self._is_closed)
                self._finals.append(window)
            self._changed.notify_all()

    def take(self, timeout_s: float | None = None) -> SpeechWindow | None:
        """The oldest final window, else the partial; None when none came in time, or when closed and empty."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._has_any() or self._is_closed, timeout_s):
                return None
            if self._finals:
                window: SpeechWindow | None = self._finals.popleft()
            elif self._partial is not None:
                window, self._partial = self._partial, None
            else:
                window, self._hush = self._hush, None
            self._changed.notify_all()
            return window

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    @property
    def is_done(self) -> bool:
        with self._changed:
            return self._is_closed and not self._has_any()

    @property
    def has_waiting(self) -> bool:
        with self._changed:
            return self._has_any()

    @property
    def waiting_samples(self) -> int:
        """Backlog of final windows."""
        return sum(window.pcm.size for window in tuple(self._finals))

    def _has_any(self) -> bool:
        return bool(self._finals) or self._partial is not None or self._hush is not None

    def _has_room(self, window: SpeechWindow) -> bool:
        return not self._finals or self.waiting_samples + window.pcm.size <= self._bound
