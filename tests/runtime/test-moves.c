/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Ops that only move elements, of random shape, on the CPU against REFERENCE: the same
 * bits, with one thread and several. Where the type is f32, channels lie innermost
 * before them in every other round, for windows of one pixel stand before and behind
 * them. */
#include "layer-net.h"

typedef struct {
  Net net;
  IrDType dtype;
  /* Of @x. */
  IrShape shape;
  /* Of the op that moves. */
  const char *type;
  IrPort in, x;
} Moving;

static IrPort
integer (Moving *m, gint64 value)
{
  return integers (&m->net, 1, &value);
}

/* As many inputs as there are before the first that is none. */
static IrPort
op4 (Moving *m, const char *type, guint opset, IrPort a, IrPort b, IrPort c,
    IrPort d)
{
  const IrPort in[] = { m->x, a, b, c, d, { NULL, 0 } };
  guint n = 0;

  while (in[n].node)
    n++;
  return ir_port (ir_graph_add (m->net.graph, ir_op_lookup_number (type, opset),
                      type, in, n, 1),
      0);
}

static const IrPort none = { NULL, 0 };

static gint64
multiple (gint64 *dim, gint64 of)
{
  *dim = MAX (*dim / of, 1) * of;
  return *dim;
}

/* --- ops ------------------------------------------------------------------- */

/* What each op asks of the shape of its input is arranged before there is one. */
typedef struct {
  const char *name;
  void (*arrange) (Moving *m);
  IrPort (*add) (Moving *m);
} Move;

static IrPort
pad (Moving *m)
{
  static const char *const modes[] = { "constant", "edge", "reflect",
    "symmetric" };
  const gint rank = m->shape.rank;
  gint64 begin[IR_MAX_RANK], end[IR_MAX_RANK];
  g_autoptr (IrTensor) fill = NULL;
  IrPort y;

  for (gint d = 0; d < rank; d++) {
    const gint64 most = MIN (m->shape.dim[d] - 1, 3);
    const gboolean padded = d > 1 || pick (0, 2) == 0;

    begin[d] = padded ? pick (pick (0, 2) ? 0 : -most / 2, most) : 0;
    end[d] = padded ? pick (pick (0, 2) ? 0 : -most / 2, most) : 0;
  }
  fill = ir_tensor_new (m->dtype, &(IrShape){ 0 }, NULL);
  ir_tensor_set_f64 (fill, 0, pick (0, 5));
  y = op4 (m, "Pad", 12, integers (&m->net, rank, begin),
      integers (&m->net, rank, end),
      pick (0, 3) ? ir_port (ir_graph_add_const (m->net.graph, "v", fill), 0)
                  : none,
      none);
  set (y, "pad_mode", "%s", modes[pick (0, 3)]);
  return y;
}

static gint64 block;

static void
arrange_depth (Moving *m)
{
  gint64 blocks = 1;

  block = pick (1, 3);
  m->shape.rank = CLAMP (m->shape.rank, 3, 5);
  for (gint d = 2; d < m->shape.rank; d++)
    blocks *= block;
  multiple (&m->shape.dim[1], blocks);
}

static void
arrange_space (Moving *m)
{
  block = pick (1, 3);
  m->shape.rank = CLAMP (m->shape.rank, 3, 5);
  for (gint d = 2; d < m->shape.rank; d++)
    multiple (&m->shape.dim[d], block);
}

static IrPort
blocks (Moving *m, const char *type)
{
  IrPort y = op4 (m, type, 1, none, none, none, none);

  set (y, "block_size", "%d", (int) block);
  set (y, "mode", "%s", pick (0, 1) ? "blocks_first" : "depth_first");
  return y;
}

static IrPort
depth_to_space (Moving *m)
{
  return blocks (m, "DepthToSpace");
}

static IrPort
space_to_depth (Moving *m)
{
  return blocks (m, "SpaceToDepth");
}

static void
arrange_shuffle (Moving *m)
{
  block = pick (1, 4);
  for (gint d = 0; d < m->shape.rank; d++)
    multiple (&m->shape.dim[d], block);
}

static IrPort
shuffle (Moving *m)
{
  IrPort y = op4 (m, "ShuffleChannels", 1, none, none, none, none);

  set (y, "axis", "%d", pick (0, m->shape.rank - 1));
  set (y, "group", "%d", (int) block);
  return y;
}

/* 0, but not before the network has run. */
static IrPort
zero (Moving *m, IrDType dtype)
{
  IrPort y = ir_port (
      ir_graph_add_op (m->net.graph, "NonZero", 3, "zero", 1, m->in), 0);

  y = ir_port (ir_graph_add_op (m->net.graph, "ReduceMin", 1, "zero", 2, y,
                   integers (&m->net, 2, (const gint64[]){ 0, 1 })),
      0);
  y = ir_port (ir_graph_add_op (m->net.graph, "Convert", 1, "zero", 1, y), 0);
  set (y, "destination_type", "%s", ir_dtype_name (dtype));
  return y;
}

/* Lists and tables of indices, one index, and indices that runs bring with them. */
static IrPort
gather (Moving *m)
{
  const gint axis = pick (0, m->shape.rank - 1);
  const gint64 dim = m->shape.dim[axis];
  const gint64 count = ir_shape_size (&m->shape, 0, m->shape.rank);
  const gboolean joint = m->shape.dim[0] == 1 && axis > 0 && pick (0, 3) == 0;
  IrShape shape = { pick (0, 2), { pick (1, 40), pick (1, 3) } };
  g_autoptr (IrTensor) indices = NULL;
  IrPort port, y;

  if (joint)
    shape = (IrShape){ 2, { 1, pick (1, 5) } };
  /* So many are not looked at before the run. */
  if (!joint && pick (0, 5) == 0 && count / dim < 200)
    shape = (IrShape){ 1, { 5000 } };
  indices =
      ir_tensor_new (pick (0, 1) ? IR_DTYPE_I32 : IR_DTYPE_I64, &shape, NULL);
  for (guint64 i = 0; i < ir_tensor_count (indices); i++)
    ir_tensor_set_i64 (indices, i, pick (-dim, dim - 1));
  port = ir_port (ir_graph_add_const (m->net.graph, "n", indices), 0);
  if (pick (0, 1))
    port = ir_port (ir_graph_add_op (m->net.graph, "Add", 1, "n", 2, port,
                        zero (m, indices->dtype)),
        0);
  y = op4 (m, "Gather", 8, port, integer (m, axis), none, none);
  if (joint)
    set (y, "batch_dims", "1");
  return y;
}

static IrPort
tile (Moving *m)
{
  const gint n = pick (1, m->shape.rank + 1);
  gint64 repeats[IR_MAX_RANK];

  for (gint i = 0; i < n; i++)
    repeats[i] = pick (1, 2);
  return op4 (m, "Tile", 1, integers (&m->net, n, repeats), none, none, none);
}

static void
arrange_ones (Moving *m)
{
  for (gint d = 0; d < m->shape.rank; d++)
    if (pick (0, 1))
      m->shape.dim[d] = 1;
}

static IrPort
broadcast (Moving *m)
{
  const gint more = pick (0, 3) ? 0 : 1, rank = m->shape.rank + more;
  gint64 target[IR_MAX_RANK] = { pick (1, 3) };
  IrPort y;

  for (gint d = 0; d < m->shape.rank; d++)
    target[d + more] = m->shape.dim[d] == 1 ? pick (1, 20) : m->shape.dim[d];
  y = op4 (
      m, "Broadcast", 3, integers (&m->net, rank, target), none, none, none);
  set (y, "mode", "%s", pick (0, 1) ? "numpy" : "bidirectional");
  return y;
}

static IrPort
reverse (Moving *m)
{
  const gint64 axes[] = { pick (0, m->shape.rank - 1) };
  IrPort y =
      op4 (m, "Reverse", 1, integers (&m->net, 1, axes), none, none, none);

  set (y, "mode", "index");
  return y;
}

static IrPort
roll (Moving *m)
{
  const gint64 shifts[] = { pick (-9, 9), pick (-9, 9) };
  const gint64 axes[] = { pick (0, m->shape.rank - 1), -1 };

  return op4 (m, "Roll", 7, integers (&m->net, 2, shifts),
      integers (&m->net, 2, axes), none, none);
}

static void
arrange_batch (Moving *m)
{
  m->shape.rank = MAX (m->shape.rank, 3);
  block = pick (1, 2);
  m->shape.dim[0] = 1;
  for (gint d = 2; d < m->shape.rank; d++)
    m->shape.dim[0] *= block;
  m->shape.dim[0] *= pick (1, 2);
}

static IrPort
batch_to_space (Moving *m)
{
  const gint rank = m->shape.rank;
  gint64 sizes[IR_MAX_RANK], begin[IR_MAX_RANK] = { 0 };
  gint64 end[IR_MAX_RANK] = { 0 };

  for (gint d = 0; d < rank; d++) {
    sizes[d] = d < 2 ? 1 : block;
    if (d >= 2 && m->shape.dim[d] * block > 2) {
      begin[d] = pick (0, 1);
      end[d] = pick (0, 1);
    }
  }
  return op4 (m, "BatchToSpace", 2, integers (&m->net, rank, sizes),
      integers (&m->net, rank, begin), integers (&m->net, rank, end), none);
}

static IrPort
space_to_batch (Moving *m)
{
  const gint rank = m->shape.rank;
  const gboolean ends = pick (0, 1);
  gint64 sizes[IR_MAX_RANK], begin[IR_MAX_RANK] = { 0 };
  gint64 end[IR_MAX_RANK] = { 0 };

  for (gint d = 0; d < rank; d++) {
    sizes[d] = d < 2 ? 1 : block;
    if (d >= 2 && ends) {
      begin[d] = block;
      end[d] = pick (0, 1) * block;
    }
  }
  return op4 (m, "SpaceToBatch", 2, integers (&m->net, rank, sizes),
      integers (&m->net, rank, begin), integers (&m->net, rank, end), none);
}

static IrPort
transpose (Moving *m)
{
  gint64 order[IR_MAX_RANK];
  const gint rank = m->shape.rank;

  for (gint d = 0; d < rank; d++)
    order[d] = d;
  for (gint d = rank - 1; d > 0; d--) {
    const gint other = pick (0, d);
    const gint64 axis = order[d];

    order[d] = order[other];
    order[other] = axis;
  }
  return op4 (
      m, "Transpose", 1, integers (&m->net, rank, order), none, none, none);
}

static const Move moves[] = {
  { "pad", NULL, pad },
  { "depth-to-space", arrange_depth, depth_to_space },
  { "space-to-depth", arrange_space, space_to_depth },
  { "shuffle-channels", arrange_shuffle, shuffle },
  { "gather", NULL, gather },
  { "tile", NULL, tile },
  { "broadcast", arrange_ones, broadcast },
  { "reverse", NULL, reverse },
  { "roll", NULL, roll },
  { "batch-to-space", arrange_batch, batch_to_space },
  { "space-to-batch", arrange_space, space_to_batch },
  { "transpose", NULL, transpose },
};

/* --- networks -------------------------------------------------------------- */

/* Puts a copy of @x where the CPU keeps channels innermost. */
static IrPort
window (Moving *m, IrPort x)
{
  IrPort y =
      ir_port (ir_graph_add_op (m->net.graph, "MaxPool", 1, "window", 1, x), 0);

  set (y, "kernel", "1,1");
  set (y, "strides", "1,1");
  set (y, "pads_begin", "0,0");
  set (y, "pads_end", "0,0");
  return y;
}

static Moving
make_net (const Move *move)
{
  static const IrDType dtypes[] = { IR_DTYPE_U8, IR_DTYPE_F16, IR_DTYPE_I32,
    IR_DTYPE_I64 };
  const gboolean last = pick (0, 1);
  Moving m = { .net = { ir_graph_new ("move") }, .dtype = IR_DTYPE_F32 };
  IrPort y;

  m.shape = (IrShape){ last ? 4 : pick (1, 5),
    { pick (1, 2), pick (1, 40), pick (1, 20), pick (1, 20), pick (1, 3) } };
  if (!last && pick (0, 1))
    m.dtype = dtypes[pick (0, G_N_ELEMENTS (dtypes) - 1)];
  /* So many channels that pixels lie further apart, so much that there are tasks. */
  if (pick (0, 19) == 0)
    m.shape.dim[1] = 1024;
  else if (pick (0, 9) == 0)
    m.shape.dim[1] = 300;
  if (move->arrange)
    move->arrange (&m);
  m.in = ir_port (
      ir_graph_add_parameter (m.net.graph, "in", m.dtype, &m.shape), 0);
  m.x = last ? window (&m, m.in) : m.in;
  y = move->add (&m);
  m.type = y.node->op->type;
  if (last && pick (0, 1)) {
    g_autoptr (GError) error = NULL;

    ir_graph_infer (m.net.graph, &error);
    g_assert_no_error (error);
    if (ir_port_output (y)->shape.rank == 4)
      y = window (&m, y);
  }
  ir_graph_add_result (m.net.graph, "out", y);
  return m;
}

static IrTensor *
numbers (const Moving *m)
{
  IrTensor *tensor = ir_tensor_new (m->dtype, &m->shape, NULL);

  for (guint64 i = 0; i < ir_tensor_count (tensor); i++)
    ir_tensor_set_f64 (tensor, i, (double) (1 + i % 2000));
  return tensor;
}

static IrCompiledModel *
compile (IrCore *core, const Moving *m, const char *device, const char *config)
{
  g_autoptr (GError) error = NULL;
  IrCompiledModel *model =
      ir_core_compile (core, m->net.graph, device, config, &error);

  g_assert_no_error (error);
  return model;
}

static IrTensor *
run_twice (IrCompiledModel *model, IrTensor *in)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (IrInferRequest) request =
      ir_compiled_model_create_request (model, &error);

  g_assert_no_error (error);
  g_assert_true (ir_infer_request_set_input (request, 0, in, NULL));
  /* What the first run leaves behind must not be seen. */
  for (int i = 0; i < 2; i++) {
    ir_infer_request_infer (request, &error);
    g_assert_no_error (error);
  }
  return ir_infer_request_get_output (request, 0);
}

static void
assert_faster_way (IrCompiledModel *model, const char *type)
{
  g_autoptr (GPtrArray) profile = ir_compiled_model_get_profile (model);

  for (guint i = 0; i < profile->len; i++) {
    const IrProfile *step = g_ptr_array_index (profile, i);

    if (g_str_equal (step->type, type))
      g_assert_cmpstr (step->kernel, !=, "reference");
  }
}

static void
test_move (gconstpointer data)
{
  g_autoptr (IrCore) core = ir_core_new ();

  for (int round = 0; round < ROUNDS; round++) {
    Moving m = make_net (data);
    g_autoptr (IrGraph) graph = m.net.graph;
    g_autoptr (IrTensor) in = numbers (&m);
    g_autoptr (IrCompiledModel) reference = NULL, one = NULL, many = NULL;
    g_autoptr (IrTensor) want = NULL, got = NULL, same = NULL;
    g_autoptr (GError) error = NULL;

    ir_graph_infer (graph, &error);
    g_assert_no_error (error);
    reference = compile (core, &m, "REFERENCE", NULL);
    one = compile (core, &m, "CPU", "THREADS=1,PRECISION=f32");
    many = compile (core, &m, "CPU", "THREADS=3,PRECISION=f32");
    assert_faster_way (one, m.type);
    want = run_twice (reference, in);
    got = run_twice (one, in);
    same = run_twice (many, in);
    g_assert_true (ir_tensor_equal (got, want));
    g_assert_true (ir_tensor_equal (same, want));
  }
}

/* A window behind a border of @value, after a ReLU or not. */
typedef struct {
  const char *type;
  gboolean relu;
  double value;
  int pad;
  gboolean goes;
} Border;

static const Border borders[] = {
  { "Convolution", FALSE, 0, 1, TRUE },
  { "Convolution", FALSE, 1, 1, FALSE },
  { "AvgPool", FALSE, 0, 1, TRUE },
  { "MaxPool", TRUE, 0, 1, TRUE },
  { "MaxPool", FALSE, 0, 1, FALSE },
  { "MaxPool", FALSE, -INFINITY, 1, TRUE },
  /* Windows that see nothing of the picture. */
  { "MaxPool", TRUE, 0, 2, FALSE },
};

/* Numbers that no sum rounds. */
static IrPort
count_up (Moving *m, const IrShape *shape, double value)
{
  g_autoptr (IrTensor) tensor = ir_tensor_new (IR_DTYPE_F32, shape, NULL);

  for (guint64 i = 0; i < ir_tensor_count (tensor); i++)
    ir_tensor_set_f64 (tensor, i, value + i % 5);
  return ir_port (ir_graph_add_const (m->net.graph, "c", tensor), 0);
}

static void
make_border (Moving *m, const Border *b)
{
  const IrShape weights = { 4, { 8, 8, 2, 2 } };
  const gint64 pads[] = { 0, 0, b->pad, b->pad };
  const gboolean conv = g_str_equal (b->type, "Convolution");

  m->shape = (IrShape){ 4, { 1, 8, 10, 10 } };
  m->x = ir_port (
      ir_graph_add_parameter (m->net.graph, "in", IR_DTYPE_F32, &m->shape), 0);
  m->x = op4 (m, b->relu ? "ReLU" : "Negative", 1, none, none, none, none);
  m->x = op4 (m, "Pad", 1, integers (&m->net, 4, pads),
      integers (&m->net, 4, pads), count_up (m, &(IrShape){ 0 }, b->value),
      none);
  set (m->x, "pad_mode", "constant");
  m->x = op4 (
      m, b->type, 1, conv ? count_up (m, &weights, 1) : none, none, none, none);
  set (m->x, "strides", "1,1");
  set (m->x, "pads_begin", "0,0");
  set (m->x, "pads_end", "0,0");
  set (m->x, conv ? "dilations" : "kernel", conv ? "1,1" : "2,2");
  if (g_str_equal (b->type, "AvgPool"))
    set (m->x, "exclude-pad", "true");
  ir_graph_add_result (m->net.graph, "out", m->x);
}

static gboolean
has_step (IrCompiledModel *model, const char *type)
{
  g_autoptr (GPtrArray) profile = ir_compiled_model_get_profile (model);

  for (guint i = 0; i < profile->len; i++)
    if (g_str_equal (
            ((const IrProfile *) g_ptr_array_index (profile, i))->type, type))
      return TRUE;
  return FALSE;
}

/* Borders that a window can see by itself have no step. */
static void
test_border (gconstpointer data)
{
  const Border *b = data;
  g_autoptr (IrCore) core = ir_core_new ();
  Moving m = { .net = { ir_graph_new ("border") }, .dtype = IR_DTYPE_F32 };
  g_autoptr (IrGraph) graph = m.net.graph;
  g_autoptr (IrCompiledModel) reference = NULL, model = NULL;
  g_autoptr (IrTensor) in = NULL, want = NULL, got = NULL;
  g_autoptr (GError) error = NULL;

  make_border (&m, b);
  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  in = numbers (&m);
  reference = compile (core, &m, "REFERENCE", NULL);
  model = compile (core, &m, "CPU", "PRECISION=f32,WINOGRAD=NO");
  g_assert_cmpint (has_step (model, "Pad"), ==, !b->goes);
  want = run_twice (reference, in);
  got = run_twice (model, in);
  g_assert_true (ir_tensor_equal (got, want));
}

/* Every other row and column of what was padded before, joined: a convolution of it
 * takes it as it is. */
static void
test_quarters (void)
{
  const IrShape weights = { 4, { 8, 12, 1, 1 } };
  const gint64 pads[] = { 0, 0, 1, 1 }, stops[] = { 12, 12 };
  const gint64 steps[] = { 2, 2 }, axes[] = { 2, 3 };
  g_autoptr (IrCore) core = ir_core_new ();
  Moving m = { .net = { ir_graph_new ("quarters") },
    .dtype = IR_DTYPE_F32,
    .shape = { 4, { 1, 3, 10, 10 } } };
  g_autoptr (IrGraph) graph = m.net.graph;
  g_autoptr (IrCompiledModel) reference = NULL, model = NULL;
  g_autoptr (IrTensor) in = numbers (&m), want = NULL, got = NULL;
  g_autoptr (GError) error = NULL;
  IrPort parts[4];

  m.x =
      ir_port (ir_graph_add_parameter (graph, "in", IR_DTYPE_F32, &m.shape), 0);
  m.x = op4 (&m, "Pad", 1, integers (&m.net, 4, pads),
      integers (&m.net, 4, pads), none, none);
  set (m.x, "pad_mode", "edge");
  for (guint i = 0; i < 4; i++) {
    const gint64 starts[] = { i / 2, i % 2 };

    parts[i] = op4 (&m, "Slice", 8, integers (&m.net, 2, starts),
        integers (&m.net, 2, stops), integers (&m.net, 2, steps),
        integers (&m.net, 2, axes));
  }
  m.x = parts[0];
  m.x = op4 (&m, "Concat", 1, parts[1], parts[2], parts[3], none);
  set (m.x, "axis", "1");
  m.x =
      op4 (&m, "Convolution", 1, count_up (&m, &weights, 1), none, none, none);
  set (m.x, "strides", "1,1");
  set (m.x, "dilations", "1,1");
  set (m.x, "pads_begin", "0,0");
  set (m.x, "pads_end", "0,0");
  ir_graph_add_result (graph, "out", m.x);
  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  reference = compile (core, &m, "REFERENCE", NULL);
  model = compile (core, &m, "CPU", "PRECISION=f32");
  g_assert_false (has_step (model, "Concat"));
  want = run_twice (reference, in);
  got = run_twice (model, in);
  g_assert_true (ir_tensor_equal (got, want));
}

/* What one op does, written as three: the dimensions that the first one makes, from
 * those of the input and blocks of two; the order; dimensions of the result. */
typedef struct {
  const char *type;
  gint rank;
  gint64 split[6], order[6], joined[4];
} Regrouping;

static const Regrouping regroupings[] = {
  { "ShuffleChannels", 5, { 2, 2, 12, 6, 10 }, { 0, 2, 1, 3, 4 },
      { 2, 24, 6, 10 } },
  { "DepthToSpace", 6, { 2, 2, 2, 6, 6, 10 }, { 0, 3, 4, 1, 5, 2 },
      { 2, 6, 12, 20 } },
  { "DepthToSpace", 6, { 2, 6, 2, 2, 6, 10 }, { 0, 1, 4, 2, 5, 3 },
      { 2, 6, 12, 20 } },
  { "SpaceToDepth", 6, { 2, 24, 3, 2, 5, 2 }, { 0, 3, 5, 1, 2, 4 },
      { 2, 96, 3, 5 } },
  { "SpaceToDepth", 6, { 2, 24, 3, 2, 5, 2 }, { 0, 1, 3, 5, 2, 4 },
      { 2, 96, 3, 5 } },
  /* Nearly the same, but no such op. */
  { "Transpose", 5, { 2, 2, 12, 6, 10 }, { 0, 2, 1, 4, 3 }, { 2, 24, 6, 10 } },
  { "Transpose", 6, { 2, 24, 3, 2, 5, 2 }, { 0, 3, 5, 1, 4, 2 },
      { 2, 96, 3, 5 } },
};

static void
test_regrouping (gconstpointer data)
{
  const Regrouping *r = data;
  g_autoptr (IrCore) core = ir_core_new ();
  Moving m = { .net = { ir_graph_new ("regrouping") },
    .dtype = IR_DTYPE_F32,
    .shape = { 4, { 2, 24, 6, 10 } } };
  g_autoptr (IrGraph) graph = m.net.graph;
  g_autoptr (IrCompiledModel) reference = NULL, model = NULL;
  g_autoptr (IrTensor) in = numbers (&m), want = NULL, got = NULL;
  g_autoptr (GError) error = NULL;

  m.x =
      ir_port (ir_graph_add_parameter (graph, "in", IR_DTYPE_F32, &m.shape), 0);
  m.x = op4 (
      &m, "Reshape", 1, integers (&m.net, r->rank, r->split), none, none, none);
  m.x = op4 (&m, "Transpose", 1, integers (&m.net, r->rank, r->order), none,
      none, none);
  m.x =
      op4 (&m, "Reshape", 1, integers (&m.net, 4, r->joined), none, none, none);
  ir_graph_add_result (graph, "out", m.x);
  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  reference = compile (core, &m, "REFERENCE", NULL);
  model = compile (core, &m, "CPU", NULL);
  g_assert_true (has_step (model, r->type));
  want = run_twice (reference, in);
  got = run_twice (model, in);
  g_assert_true (ir_tensor_equal (got, want));
}

/* An index from outside that is known only when the network runs. */
static void
test_index (void)
{
  const IrShape shape = { 2, { 4, 3 } }, list = { 1, { 2 } };
  g_autoptr (IrCore) core = ir_core_new ();
  Moving m = { .net = { ir_graph_new ("index") }, .dtype = IR_DTYPE_F32 };
  g_autoptr (IrGraph) graph = m.net.graph;
  g_autoptr (IrTensor) in = ir_tensor_new (IR_DTYPE_F32, &shape, NULL);
  g_autoptr (IrTensor) indices = ir_tensor_new (IR_DTYPE_I64, &list, NULL);
  g_autoptr (IrCompiledModel) model = NULL;
  g_autoptr (IrInferRequest) request = NULL;
  g_autoptr (GError) error = NULL;
  IrPort port;

  m.x = ir_port (ir_graph_add_parameter (graph, "in", IR_DTYPE_F32, &shape), 0);
  port = ir_port (
      ir_graph_add_parameter (graph, "indices", IR_DTYPE_I64, &list), 0);
  ir_graph_add_result (
      graph, "out", op4 (&m, "Gather", 8, port, integer (&m, 0), none, none));
  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  model = compile (core, &m, "CPU", NULL);
  request = ir_compiled_model_create_request (model, NULL);
  ir_infer_request_set_input (request, 0, in, NULL);
  ir_infer_request_set_input (request, 1, indices, NULL);
  g_assert_true (ir_infer_request_infer (request, NULL));
  ir_tensor_set_i64 (indices, 1, 4);
  ir_infer_request_set_input (request, 1, indices, NULL);
  g_assert_false (ir_infer_request_infer (request, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_SHAPE);
  g_assert_nonnull (strstr (error->message, "Gather"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (moves); i++) {
    g_autofree char *path = g_strdup_printf ("/moves/%s", moves[i].name);

    g_test_add_data_func (path, &moves[i], test_move);
  }
  for (guint i = 0; i < G_N_ELEMENTS (borders); i++) {
    g_autofree char *path =
        g_strdup_printf ("/moves/border/%s-%u", borders[i].type, i);

    g_test_add_data_func (path, &borders[i], test_border);
  }
  for (guint i = 0; i < G_N_ELEMENTS (regroupings); i++) {
    g_autofree char *path =
        g_strdup_printf ("/moves/regrouping/%s-%u", regroupings[i].type, i);

    g_test_add_data_func (path, &regroupings[i], test_regrouping);
  }
  g_test_add_func ("/moves/quarters", test_quarters);
  g_test_add_func ("/moves/index", test_index);
  return g_test_run ();
}
