"""An exported encoder in 8 bits, with ranges of activations that are fixed when it is made.

Ranges that are taken from what is read, as onnxruntime's dynamic quantisation does, would make a vector depend on the
texts beside it. Fixed ones let texts of equal length be read together without a bit of a state changing.
"""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np

RANGE_SHARE: Final = 0.9
"""Share of the texts of `trained/encoder_ranges.txt` whose activations lie within the fixed range, at either end."""

RANGE_DIGITS: Final = 3
"""Digits of a fixed range, so that the last bits of one processor do not end up in it."""


def range_texts() -> list[str]:
    """Texts whose activations fix the ranges: requests and longer turns, written for this."""
    return (resources.files("clio_lite") / "trained" / "encoder_ranges.txt").read_text(encoding="utf-8").splitlines()


def open_session(model: str | bytes) -> Any:
    """Open an ONNX model that runs each batch on one thread.

    Args:
        model: Its file, or what such a file holds.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def quantise(exported: Path, tokenizer: Any) -> Path:
    """Give an exported model's matrix products weights and activations of 8 bits, beside it.

    One bit of the weights is left unused, so that no processor without the wider instructions saturates.

    Args:
        exported: ONNX file with the input `ids`.
        tokenizer: Tokeniser of the model.

    Returns:
        File of the new model.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.quant_utils import add_pre_process_metadata

    model = onnx.load(exported)
    add_pre_process_metadata(model)  # else it advises a step that changes nothing here
    target = exported.with_name("int8.onnx")
    quantize_dynamic(
        model,
        target,
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
    )
    quantised = onnx.load(target)
    dynamic = [node for node in quantised.graph.node if node.op_type == "DynamicQuantizeLinear"]
    ranges = _activation_ranges(exported, tokenizer, [node.input[0] for node in dynamic])
    _fix_ranges(quantised.graph, ranges)
    onnx.save(quantised, target)
    return target


def _activation_ranges(exported: Path, tokenizer: Any, names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Lower and upper end of some activations over the range texts."""
    import onnx

    model = onnx.load(exported)
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    session = open_session(model.SerializeToString())
    ends = []
    for encoding in tokenizer.encode_batch(range_texts()):
        found = session.run(wanted, {"ids": np.array([encoding.ids], dtype=np.int64)})
        ends.append([(values.min(), values.max()) for values in found])
    lower, upper = np.moveaxis(np.array(ends, dtype=np.float64), 2, 0)
    lows, highs = np.quantile(lower, 1 - RANGE_SHARE, axis=0), np.quantile(upper, RANGE_SHARE, axis=0)
    return {
        name: (min(_rounded(low), 0.0), max(_rounded(high), 0.0))
        for name, low, high in zip(wanted, lows, highs, strict=True)
    }


def _rounded(value: float) -> float:
    return float(f"{value:.{RANGE_DIGITS}g}")


def _fix_ranges(graph: Any, ranges: dict[str, tuple[float, float]]) -> None:
    """Replace the nodes that take a range from what they read by such with a fixed range."""
    from onnx import helper, numpy_helper

    nodes = []
    for node in graph.node:
        if node.op_type != "DynamicQuantizeLinear":
            nodes.append(node)
            continue
        low, high = ranges[node.input[0]]
        values, scale, zero = node.output
        step = np.float32((high - low) / 255)
        graph.initializer.append(numpy_helper.from_array(np.array(step), scale))
        graph.initializer.append(numpy_helper.from_array(np.array(round(-low / step), dtype=np.uint8), zero))
        nodes.append(helper.make_node("QuantizeLinear", [node.input[0], scale, zero], [values], name=node.name))
    del graph.node[:]
    graph.node.extend(nodes)
