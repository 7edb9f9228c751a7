#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes files of IR versions 2 to 7 that are wrong in one way each into a folder:

  make_old.py FOLDER

Every NAME.xml (with its NAME.bin) must be refused, but for good-*.
"""

import pathlib
import struct
import sys

WEIGHTS = struct.pack("<64f", *range(64))


def port(number, dims):
    return (f'<port id="{number}">' + "".join(f"<dim>{d}</dim>" for d in dims) +
            "</port>")


def layer(number, name, kind, data="", inputs=(), outputs=(), more="", precision="FP32"):
    """Ports: pairs of an id and dimensions."""
    text = f'<layer id="{number}" name="{name}" type="{kind}" precision="{precision}">'
    if data:
        text += f"<data {data}/>"
    for tag, ports in (("input", inputs), ("output", outputs)):
        if ports:
            text += f"<{tag}>" + "".join(port(*p) for p in ports) + f"</{tag}>"
    return text + more + "</layer>"


def edge(a, a_port, b, b_port):
    return (f'<edge from-layer="{a}" from-port="{a_port}" '
            f'to-layer="{b}" to-port="{b_port}"/>')


def net(layers, edges, version=6, more=""):
    return (f'<?xml version="1.0"?>\n<net name="n" version="{version}" batch="1"><layers>'
            f'{"".join(layers)}</layers><edges>{"".join(edges)}</edges>{more}</net>')


X = (1, 4, 4, 4)
WINDOW = 'kernel="1,1" strides="1,1" pads_begin="0,0" pads_end="0,0"'
CONV = WINDOW + ' dilations="1,1" group="1" output="4"'
BLOBS = '<blobs><weights offset="0" size="64"/><biases offset="64" size="16"/></blobs>'


def one(kind, data="", in_dims=X, out_dims=X, blobs="", version=6, more="", precision="FP32"):
    """A network of one layer."""
    return net([layer(0, "x", "Input", outputs=[(0, in_dims)]),
                layer(1, "l", kind, data, [(0, in_dims)], [(1, out_dims)], blobs, precision)],
               [edge(0, 0, 1, 0)], version, more)


def conv(data=CONV, blobs=BLOBS, **others):
    return one("Convolution", data, blobs=blobs, **others)


def two(kind, data="", other=X, out_dims=X):
    return net([layer(0, "x", "Input", outputs=[(0, X)]),
                layer(1, "y", "Input", outputs=[(0, other)]),
                layer(2, "l", kind, data, [(0, X), (1, other)], [(2, out_dims)])],
               [edge(0, 0, 2, 0), edge(1, 0, 2, 1)])


def nets():
    yield "version-1", conv(version=1)
    yield "version-8", conv(version=8)
    yield "version-9", conv(version=9)
    yield "no-layers", net([], [])
    yield "unknown-type", one("What")
    yield "many-unknown", net(
        [layer(i, f"l{i}", "What", outputs=[(0, X)]) for i in range(2000)], [])
    yield "duplicate-name", two("Eltwise", 'operation="sum"').replace('name="y"', 'name="x"')
    yield "no-output", net([layer(0, "x", "Input")], [])
    yield "two-outputs", net([layer(0, "x", "Input", outputs=[(0, X), (1, X)])], [])
    yield "no-edge", conv().replace("<edges>", "<!--").replace("</edges>", "-->")
    yield "cycle", net([layer(i, f"l{i}", "ReLU", "", [(0, X)], [(1, X)]) for i in range(3)],
                       [edge(i, 1, (i + 1) % 3, 0) for i in range(3)])
    yield "other-dims-at-edge", one("ReLU").replace(
        port(0, X) + "</input>", port(0, (1, 4, 4, 5)) + "</input>")
    yield "other-dims-inferred", one("ReLU", out_dims=(1, 4, 4, 5))


def dims():
    for name, value in (("zero", "0"), ("negative", "-4"), ("text", "a"), ("empty", ""),
                        ("huge", "99999999999999999999"), ("real", "4.5")):
        yield f"dim-{name}", one("ReLU").replace("<dim>4</dim>", f"<dim>{value}</dim>")
    yield "dim-overflow", one("ReLU", in_dims=(1 << 40,) * 4, out_dims=(1 << 40,) * 4)
    yield "dim-many", one("ReLU", in_dims=(1,) * 99, out_dims=(1,) * 99)


def blobs():
    def weights(offset, size, more=""):
        return conv(blobs=f'<blobs><weights offset="{offset}" size="{size}" {more}/></blobs>')

    yield "no-blobs", conv(blobs="")
    yield "no-weights", conv(blobs='<blobs><biases offset="0" size="16"/></blobs>')
    yield "weights-small", weights(0, 60)
    yield "weights-large", weights(0, 68)
    yield "weights-outside", weights(224, 64)
    yield "weights-huge", weights(0, 18446744073709551615)
    yield "weights-offset-huge", weights(18446744073709551600, 64)
    yield "weights-negative", weights(-4, 64)
    yield "weights-no-offset", conv(blobs='<blobs><weights size="64"/></blobs>')
    yield "weights-precision", weights(0, 64, 'precision="FP31"')
    yield "weights-halves", weights(0, 64, 'precision="FP16"')
    yield "precision", conv(precision="FP31")
    yield "biases-small", conv(blobs=BLOBS.replace('size="16"', 'size="12"'))
    yield "const-no-custom", net([layer(0, "c", "Const", outputs=[(1, X)])], [])
    yield "const-small", net([layer(
        0, "c", "Const", outputs=[(1, X)],
        more='<blobs><custom offset="0" size="128"/></blobs>')], [])
    yield "const-huge", net([layer(
        0, "c", "Const", outputs=[(1, (1 << 30, 1 << 30))],
        more='<blobs><custom offset="0" size="18446744073709551615"/></blobs>')], [])
    yield "prelu-slopes", one("PReLU", blobs='<blobs><weights offset="0" size="12"/></blobs>')
    yield "scale-shift", one("ScaleShift", blobs='<blobs><weights offset="0" size="12"/></blobs>')
    yield "batch-norm-mean", one(
        "BatchNormalization", 'epsilon="0.1"',
        blobs='<blobs><weights offset="0" size="16"/></blobs>')
    yield "batch-norm-channels-huge", one(
        "BatchNormalization", 'epsilon="0.1"', (1, 1 << 40), (1, 1 << 40),
        blobs='<blobs><weights offset="0" size="16"/><biases offset="0" size="16"/></blobs>')
    yield "fc-size", one("FullyConnected", 'out-size="2"', out_dims=(1, 2),
                         blobs='<blobs><weights offset="0" size="64"/></blobs>')
    yield "fc-out-size", one("FullyConnected", 'out-size="-2"', out_dims=(1, 2), blobs=BLOBS)


def attributes():
    for name, was, now in (
            ("no-kernel", 'kernel="1,1"', ""), ("kernel-zero", 'kernel="1,1"', 'kernel="0,1"'),
            ("kernel-rank", 'kernel="1,1"', 'kernel="1,1,1"'),
            ("kernel-huge", 'kernel="1,1"', 'kernel="9223372036854775807,1"'),
            ("strides-zero", 'strides="1,1"', 'strides="0,1"'),
            ("pads-huge", 'pads_begin="0,0"', 'pads_begin="9223372036854775807,0"'),
            ("group-zero", 'group="1"', 'group="0"'),
            ("group", 'group="1"', 'group="3"'),
            ("group-negative", 'group="1"', 'group="-1"'),
            ("output-zero", 'output="4"', 'output="0"'),
            ("output-huge", 'output="4"', 'output="9223372036854775807"'),
            ("text", 'dilations="1,1"', 'dilations="a,1"'),
            ("auto-pad", 'group="1"', 'group="1" auto_pad="what"')):
        yield f"conv-{name}", conv(CONV.replace(was, now))
    yield "conv-rank", one("Convolution", CONV, (1, 4), (1, 4), BLOBS)
    yield "pool-method", one("Pooling", WINDOW + ' pool-method="stochastic"')
    yield "pool-size", one("Pooling", WINDOW + ' pool-method="max"', out_dims=(1, 4, 9, 9))
    yield "eltwise-operation", two("Eltwise", 'operation="what"')
    yield "eltwise-coeff", two("Eltwise", 'operation="sum" coeff="1,2,3"')
    yield "eltwise-shape", two("Eltwise", 'operation="sum"', (1, 3, 4, 4))
    yield "activation-type", one("Activation", 'type="what"')
    yield "crop-axis", one("Crop", 'axis="7" offset="0" dim="2"', out_dims=(1, 2, 4, 4))
    yield "crop-offset", one("Crop", 'axis="1" offset="3" dim="2"', out_dims=(1, 2, 4, 4))
    yield "crop-offset-huge", one("Crop", 'axis="1" offset="9223372036854775807" dim="2"',
                                  out_dims=(1, 2, 4, 4))
    yield "crop-lists", one("Crop", 'axis="1,2" offset="1"', out_dims=(1, 2, 4, 4))
    yield "flatten-axis", one("Flatten", 'axis="9"', out_dims=(1, 64))
    yield "reshape-count", one("Reshape", 'dim="0,3"', out_dims=(1, 3))
    yield "permute-order", one("Permute", 'order="0,1,2,9"')
    yield "softmax-axis", one("SoftMax", 'axis="9"')
    yield "tile-huge", one("Tile", 'axis="1" tiles="9223372036854775807"')
    yield "resample-type", one("Resample", 'type="caffe.ResampleParameter.CUBIC"',
                               out_dims=(1, 4, 8, 8))
    yield "interp-pads", one("Interp", 'pad_beg="-1"', out_dims=(1, 4, 8, 8))
    yield "concat-axis", two("Concat", 'axis="9"')
    yield "prior-box-steps", two("PriorBox", 'min_size="1" step_h="1" step_w="2" offset="0.5"')
    yield "prior-box-sizes", two("PriorBox", 'offset="0.5"', out_dims=(1, 2, 64))
    yield "lstm-hidden", one("RNNCell", 'hidden_size="99999999999"')
    yield "argmax-top-k", one("ArgMax", 'axis="1" top_k="-1"')


def preprocess():
    def block(channels, attrs='reference-layer-name="x"'):
        return conv(more=f"<pre-process {attrs}>{channels}</pre-process>")

    def each(inner):
        return "".join(f'<channel id="{i}">{inner}</channel>' for i in range(4))

    yield "pre-no-input", block(each('<mean value="1"/>'), 'reference-layer-name="y"')
    yield "pre-channels", block('<channel id="0"><mean value="1"/></channel>')
    yield "pre-channel-id", block(each('<mean value="1"/>').replace('id="3"', 'id="4"'))
    yield "pre-value", block(each('<mean value="a"/>'))
    yield "pre-no-value", block(each("<mean/>"))
    yield "pre-scale-zero", block(each('<scale value="0"/>'))
    yield "pre-image-outside", block(each('<mean offset="224" size="64"/>'))
    yield "pre-image-small", block(each('<mean offset="0" size="60"/>'))
    yield "pre-precision", block(each('<mean value="1"/>'),
                                 'reference-layer-name="x" mean-precision="FP31"')


def good():
    yield "good-conv", conv()
    for version in range(2, 8):
        yield f"good-version-{version}", conv(version=version)
    yield "good-pre", conv(more='<pre-process reference-layer-name="x">' + "".join(
        f'<channel id="{i}"><mean value="1"/><scale value="2"/></channel>'
        for i in range(4)) + "</pre-process>")


def truncated():
    text = conv()
    for i in range(12):
        yield f"truncated-{i:02}", text[:len(text) * i // 12]


GROUPS = (nets, dims, blobs, attributes, preprocess, good, truncated)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    n = 0
    for group in GROUPS:
        for name, text in group():
            path = folder / f"{name}.xml"
            assert not path.exists(), path
            path.write_text(text)
            path.with_suffix(".bin").write_bytes(WEIGHTS)
            n += 1
    print(f"{n} files in {folder}")


if __name__ == "__main__":
    main()
