"""An ONNX network in a file in, something that can be run out: the one import of onnxruntime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def network(path: Path) -> Any:
    """A session of the network at `path` on one thread of the CPU.

    The networks here are small: a frame of voice activity is some 20 thousand multiplications, a second of the
    voice encoder 11 ms on one thread and more on two. More threads only cost wake-ups.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
