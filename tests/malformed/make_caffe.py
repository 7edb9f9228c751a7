#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes .prototxt files that are wrong in one way each into a folder:

  make_caffe.py FOLDER

Every one must be refused; NAME.expect has words that the message must hold. Files
called good-* must be accepted.
"""

import pathlib
import sys

INPUT = "input: 'in' input_dim: [1, 2, 8, 8]\n"


def net(type, params=""):
    return (INPUT + "layer { name: 'culprit' type: '%s' bottom: 'in' top: 'out' %s }\n"
            % (type, params))


RELU = net("ReLU")
NETS = {
    "good-relu": (RELU, None),
    "empty": ("", "the file is empty"),
    "only-comment": ("# nothing\n", "describes no net"),
    "zeros": ("\0" * 64, "expected the name of a field"),
    "deep": ("a {" * 100000, "nested more than"),
    "deep-list": ("a: " + "[" * 100000, "nested more than"),
    "open-string": (RELU + "name: 'x", "expected a quote"),
    "no-layers": (INPUT, "describes no net"),
    "unknown-layer": (net("Odd"), "there is no rule"),
    "no-bottom": (RELU.replace("bottom: 'in'", ""), "culprit"),
    "other-bottom": (RELU.replace("bottom: 'in'", "bottom: 'off'"), "no layer before it"),
    "rank": (INPUT.replace("input_dim: [1, 2, 8, 8]", "input_shape { dim: [%s] }"
                           % ", ".join("1" * 40)) + RELU[len(INPUT):], "dimensions"),
    "no-kernel": (net("Pooling"), "culprit"),
    "kernel-too-large": (net("Pooling", "pooling_param { kernel_size: 9 }"), "larger"),
    "huge-stride": (net("Pooling", "pooling_param { kernel_size: 1 stride: 4294967295 }"),
                    "out of range"),
    "no-weights": (net("InnerProduct", "inner_product_param { num_output: 4 }"), "weights"),
    "groups": (net("Convolution", "convolution_param { num_output: 4 kernel_size: 1 group: 3 }"),
               "groups"),
    "no-groups": (net("Convolution",
                      "convolution_param { num_output: 4 kernel_size: 1 group: 0 }"), "group"),
    "axis": (net("Softmax", "softmax_param { axis: 9 }"), "culprit"),
    "tile-axis": (net("Tile", "tile_param { axis: 9 tiles: 2 }"), "culprit"),
    "order": (net("Permute", "permute_param { order: [0, 0] }"), "twice"),
    "huge-order": (net("Permute", "permute_param { order: 4000000000 }"), "out of range"),
    "reshape": (net("Reshape", "reshape_param { shape { dim: [7, -1] } }"), "culprit"),
    "long-reshape": (net("Reshape", "reshape_param { shape { dim: [%s] } }"
                         % ", ".join("1" * 50)), "dimensions"),
    "coefficients": (net("Eltwise", "eltwise_param { coeff: [1, 2] }"), "coefficients"),
    "zoom": (net("Interp", "interp_param { zoom_factor: 2000000000 }"), "out of range"),
    "factor": (net("Resample", "resample_param { factor: nan }"), "out of range"),
    "log-base": (net("Log", "log_param { base: -2 }"), "base"),
    "even-lrn": (net("LRN", "lrn_param { local_size: 4 }"), "odd"),
}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, (text, expect) in NETS.items():
        path = folder / f"{name}.prototxt"
        path.write_text(text)
        if expect:
            path.with_name(path.name + ".expect").write_text(expect)
    print(f"{len(NETS)} files in {folder}")


if __name__ == "__main__":
    main()
