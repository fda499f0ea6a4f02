"""FULLY_CONNECTED, portable; see ``firmware/include/sdk/fully_connected.h``."""

from __future__ import annotations

from sdk.ir import DType
from sdk.ir.attrs import FullyConnectedAttrs
from sdk.kernels import cost
from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Site
from sdk.kernels.constraints import (
    ACTIVATION,
    BIAS_CONSTANT,
    BIAS_INT32,
    FILTER_CONSTANT,
    input_type,
    output_type,
    quantized,
)
from sdk.kernels.convolution import (
    ACCUMULATORS_FIT,
    SCALES_FIT,
    SYMMETRIC_WEIGHTS,
    WEIGHTS_QUANTIZED,
    output_fields,
    pointers,
    requantization,
)
from sdk.kernels.operands import attrs, data, quant

PLAIN_WEIGHTS = Constraint(
    "the weights are not shuffled", lambda site: not attrs(site, FullyConnectedAttrs).shuffled_weights
)


class FullyConnectedS8Ref(Kernel):
    """int8 with int8 weights, per tensor or per channel, any number of batches."""

    name = "fully_connected_s8__ref"
    ops = ("FULLY_CONNECTED",)
    header = "sdk/fully_connected.h"
    sources = ("kernels/fully_connected/fully_connected_s8__ref.c",)
    constraints = (
        input_type(0, DType.INT8),
        input_type(1, DType.INT8, what="the filter"),
        BIAS_INT32,
        output_type(DType.INT8),
        PLAIN_WEIGHTS,
        quantized(0),
        FILTER_CONSTANT,
        BIAS_CONSTANT,
        WEIGHTS_QUANTIZED,
        SCALES_FIT,
        Constraint(
            "a filter with several scales has zero points of 0",
            lambda site: len(quant(site.input(1)).scales) == 1 or SYMMETRIC_WEIGHTS.check(site),
        ),
        ACTIVATION,
        ACCUMULATORS_FIT,
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source, weights, output = site.input(0), site.input(1), site.output()
        output_size, input_size = weights.shape
        batches = source.elements // input_size
        consts = (Const("weights", "int8_t", data(weights)), *requantization(site))
        macs = batches * input_size * output_size
        return Prepared(
            params_type="sdk_fully_connected_s8",
            params={
                "input_size": input_size,
                "output_size": output_size,
                "input_offset": -quant(source).zero_point,
                "weights_offset": -quant(weights).zero_point,
                **output_fields(site, attrs(site, FullyConnectedAttrs).activation),
                **pointers(consts),
            },
            consts=consts,
            units=output.elements,
            access=tuple(
                Access({0: (b * input_size, (b + 1) * input_size)}, (b * output_size, (b + 1) * output_size))
                for b in range(batches)
            ),
            macs=macs,
            cost=cost.CALL + macs * cost.MAC + output.elements * cost.REQUANTIZE,
        )
