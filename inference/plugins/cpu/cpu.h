/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CPU_H
#define CPU_H

#include <ir/attrs.h>
#include <ir/conv.h>
#include <ir/plugin.h>

#include "argmax/argmax.h"
#include "bdwconv/bdwconv.h"
#include "bgemm/bgemm.h"
#include "bpool/bpool.h"
#include "colour/colour.h"
#include "dwconv/dwconv.h"
#include "eltwise/eltwise.h"
#include "gemm/gemm.h"
#include "igemm/igemm.h"
#include "layout/layout.h"
#include "pool/pool.h"
#include "qgemm/qgemm.h"
#include "qpool/qpool.h"
#include "reduce/reduce.h"
#include "winograd/winograd.h"
#include "pool.h"
#include "store.h"

G_BEGIN_DECLS

/*
 * A model compiled for the CPU: values in slots, a flat list of steps, one arena
 * for what lives between them.
 */

/* Where the memory of a value is: fixed; given by the caller; in the arena; under
 * another slot's, which is in the arena; or made by the step while it runs. */
typedef enum {
  CPU_CONST,
  CPU_INPUT,
  CPU_ARENA,
  CPU_VIEW,
  CPU_HEAP,
} CpuPlace;

#define CPU_NO_SLOT G_MAXUINT

/* How the elements of a value are ordered: as its shape says; or, of f32 [N,C,H,W],
 * with the channels innermost, each pixel @pitch floats from the next. The floats
 * behind a pixel's last channel hold finite numbers that mean nothing; those up to
 * CPU_PITCH (C) may be written, what lies behind these may belong to others. */
typedef enum {
  CPU_PLAIN,
  CPU_LAST,
} CpuLayout;

#define CPU_PITCH(channels)                                                    \
  (((gsize) (channels) + IR_IGEMM_GROUP - 1) / IR_IGEMM_GROUP * IR_IGEMM_GROUP)

typedef struct {
  CpuPlace place;
  CpuLayout layout;
  IrDType dtype;
  IrShape shape;
  /* Not known for good before all steps are there, unless @pinned. */
  gsize pitch;
  gboolean pinned;
  /* What its numbers are, of a step other than 0 if they are known to be levels. */
  IrQgemmLevels levels;
  /* The slot with the same contents in the other layout, if there is one. */
  guint twin;
  /* 0 if the shape is known at run time only. */
  gsize bytes;
  gboolean fixed;
  IrTensor *value;
  /* Of a constant without a value yet: what computes it; how many such nodes one
   * needs of the other. */
  const IrNode *put_off;
  guint put_off_depth;
  /* Of a view: whose memory, how many bytes from where that begins; its own index
   * otherwise. */
  guint root;
  gsize shift;
  gsize offset;
  /* Steps between which the memory is needed, of roots. */
  guint first;
  guint last;
} CpuSlot;

typedef struct _CpuModel CpuModel;
typedef struct _CpuRun CpuRun;
typedef struct _CpuStep CpuStep;
typedef struct _CpuFusion CpuFusion;

struct _CpuStep {
  const IrNode *node;
  /* Where the step begins; NULL if that is @node. */
  const IrNode *head;
  const char *kernel;
  guint64 flops;
  guint n_in;
  guint *in;
  guint n_out;
  guint *out;
  gboolean (*run) (const CpuStep *step, CpuRun *run, GError **error);
  gpointer data;
  GDestroyNotify free_data;
  /* Bytes that each thread needs while it runs; where those of the first are in the
   * arena. */
  gsize scratch;
  gsize scratch_offset;
  /* Whether that holds numbers as values do, all finite if those of the inputs are:
   * then it may lie where values will be, which fill pixels up with what was there. */
  gboolean scratch_is_values;
  /* What it reads in the order in which it lies, beside its inputs; the same of the
   * next step that does, to be fetched while there is time. */
  gconstpointer reads, later;
  gsize reads_bytes, later_bytes;
  /* Whether it reads and writes slots of pixels in bf16, too. */
  gboolean takes_bf16, gives_bf16;
  /* Whether it reads and writes pixels that are levels as such. */
  gboolean takes_levels, gives_levels;
  /* Whether the output may lie over an input of the same shape and layout. */
  gboolean over_input;
  /* Slots made by steps that nobody needs after this one. */
  GArray *drop;
  gint calls;
  gsize ns;
};

/* Makes a step for a node that begins a fusion, or is alone; FALSE if it is not
 * one that has a faster way. */
typedef gboolean (*CpuLower) (CpuModel *model, const CpuFusion *fusion);

/* Where a layer can be computed in several ways: what makes its step; the tile of
 * Winograd's, 0 for what the rules say; into how many parts it is cut for each
 * thread. */
typedef struct {
  const char *name;
  CpuLower lower;
  guint tile;
  gint parts;
} CpuWay;

/* As many as ever. */
#define CPU_PARTS_RULE -1

struct _CpuModel {
  IrGraph *graph;
  IrDType *output_dtypes;
  guint *output_slots;
  /* Index of the first slot of a node, and 1. */
  GHashTable *first_slots;
  GArray *slots;
  GPtrArray *steps;
  /* Bytes of the arena for values, and what the memory of steps takes beyond. */
  gsize arena;
  gsize scratch;
  CpuStore *store;
  /* Where the store is kept; NULL if it is not. */
  char *cache_path;
  CpuStoreKey cache_key;
  /* What the user should know of, or NULL. */
  char *warning;
  /* While it is being built: of weights that have been read to be packed; when trying
   * ways ends, 0 if it does not begin; the way to take, NULL for what the rules
   * say. */
  gsize packed_bytes;
  gint64 tune_until;
  const CpuWay *way;
  guint threads;
  guint streams;
  gint profiling;
  const IrArgmaxKernels *argmax;
  const IrGemmKernels *gemm;
  const IrDwconvKernels *dwconv;
  const IrEltwiseKernels *eltwise;
  const IrIgemmKernels *igemm;
  const IrLayoutKernels *layout;
  const IrPoolKernels *pool;
  const IrReduceKernels *reduce;
  /* NULL unless convolutions are to be in bf16. */
  const IrBgemmKernels *bgemm;
  const IrBdwconvKernels *bdwconv;
  const IrBpoolKernels *bpool;
  /* NULL unless what is quantized is to be in bytes. */
  const IrQgemmKernels *qgemm;
  const IrQpoolKernels *qpool;
  /* NULL where it is not wanted. */
  const IrWinogradKernels *winograd;
};

#define CPU_SPARES 3

/* One inference. @data has the address of each slot's contents, @tensors what
 * ops that run by their own definition take. */
struct _CpuRun {
  const CpuModel *model;
  guint8 *arena;
  gpointer arena_memory;
  /* Of the step that runs; bytes from one thread's to the next. */
  guint8 *scratch;
  gsize scratch_step;
  /* The same where a step's inputs tell how much it is. */
  IrScratch *memory;
  gpointer *data;
  IrTensor **tensors;
  /* Inputs that came in another type than the steps', in this. */
  IrTensor **converted;
  /* Inputs, or what lies in them, under other shapes; of slots. */
  IrTensor **views;
  /* CPU_SPARES for each output: what callers have had, to be filled again when
   * nobody else holds it any more. */
  IrTensor **spares;
};

/* Whether nobody else has a reference. */
static inline gboolean
cpu_is_own (const IrTensor *tensor)
{
  return g_atomic_ref_count_compare (&((IrTensor *) tensor)->refs, 1);
}

/* What the parts of a step get to know. */
typedef struct {
  const CpuStep *step;
  const CpuRun *run;
} CpuWork;

static inline CpuSlot *
cpu_slot (const CpuModel *model, guint index)
{
  return &g_array_index (model->slots, CpuSlot, index);
}

static inline gpointer
cpu_scratch (const CpuRun *run, guint worker)
{
  return run->scratch + worker * run->scratch_step;
}

#define CPU_MAX_ABSORBED 8

/* What follows a convolution or matrix product in the same step: a bias, another
 * tensor added, a function of one number. */
struct _CpuFusion {
  const IrNode *head;
  const IrNode *last;
  IrNode *absorbed[CPU_MAX_ABSORBED];
  guint n_absorbed;
  const float *bias;
  gsize bias_n;
  IrPort residual;
  IrUnary unary;
  float a, b;
  const float *slopes;
  /* Whether what comes out are the nearest ones of @levels. */
  gboolean quantizes;
  IrQgemmLevels levels;
};

/* GFLOP/s in f32 that @threads threads reach at best; measured when first asked
 * for. */
double cpu_peak_gflops (guint threads);

/* A window that slides over a plane: sizes of the source and of the result, window,
 * step, distance of taps, padding before. A transposed convolution's step and
 * padding belong to its result. */
typedef struct {
  int in_h, in_w;
  int out_h, out_w;
  int kernel_h, kernel_w;
  int stride_h, stride_w;
  int dilation_h, dilation_w;
  int pad_h, pad_w;
} IrWindow;

/* A convolution over two dimensions; channels are those of one group. */
typedef struct {
  IrWindow window;
  guint batch, groups;
  guint in_channels, out_channels;
} CpuConvShape;

/* @batch products of m x k by k x n; floats from one matrix to the next. */
typedef struct {
  guint batch, m, n, k;
  gboolean trans_a, trans_b;
  gsize step_a, step_b;
} CpuProduct;

/* --- building ------------------------------------------------------------- */

/* Floating-point types become f32, bodies included. Large constants only say so:
 * cpu_port_value() converts what is asked for. */
gboolean cpu_to_f32 (IrGraph *graph, GError **error);

/* Lets @rewrite change the graph at every node, FALSE where it has not, and puts in order
 * what has come of it. Nodes that are added are looked at, too. */
typedef gboolean (*CpuRewrite) (IrGraph *graph, IrNode *node);
gboolean cpu_rewrite (IrGraph *graph, CpuRewrite rewrite, GError **error);
/* GroupNormalization and LRN over planes become ops that have steps. */
gboolean cpu_norms (IrGraph *graph, GError **error);
/* Shuffled channels and blocks become one op of the three that they were written as. */
gboolean cpu_regroup (IrGraph *graph, GError **error);
/* What is put around pictures goes from Pads to convolutions and pooling. */
gboolean cpu_pads (IrGraph *graph, GError **error);
/* Convolutions of one value to a few channels each become one. */
gboolean cpu_siblings (IrGraph *graph, GError **error);
/* Convolutions of a picture that was cut into quarters become convolutions of the
 * picture. */
gboolean cpu_focus (IrGraph *graph, GError **error);
/* Products by one number per channel go from a convolution's input to its weights,
 * where that is faster; @known: known numbers only. */
gboolean cpu_gate (IrGraph *graph, gboolean known, GError **error);

/* The slot that holds an output, once its node has been reached. */
guint cpu_port_slot (const CpuModel *model, IrPort port);
/* A slot of its own; one for each output of @node, where cpu_port_slot() finds it. */
guint cpu_add_slot (
    CpuModel *model, const IrOutput *output, CpuPlace place, CpuLayout layout);
void cpu_add_slots (
    CpuModel *model, const IrNode *node, CpuPlace place, CpuLayout layout);
/* By type, shape and layout; FALSE if the shape is not known. */
gboolean cpu_slot_set_bytes (CpuSlot *slot);
/* The value of an output if it does not depend on the inputs, in its type; NULL
 * also if there is no memory for that. What only one node reads goes when its step
 * has been made, unless the step has it as an input. */
IrTensor *cpu_port_value (const CpuModel *model, IrPort port);
/* Whether there is one, without converting it. */
gboolean cpu_port_is_known (const CpuModel *model, IrPort port);
/* Gives the outputs of @node a value that does not depend on the inputs, now or when
 * somebody asks; FALSE if there is none. What can't be computed now is left for the
 * run, which reports it. */
gboolean cpu_take_constant (CpuModel *model, const IrNode *node);
/* Weights, input @input of @node, that its steps, those from @first_step on, have packed
 * are in memory once. */
void cpu_drop_packed (
    CpuModel *model, const IrNode *node, guint input, guint first_step);
/* What steps and callers read is there, in the type that it is read in. */
gboolean cpu_settle_constants (CpuModel *model, GError **error);
/* Whether an output is f32 and of known shape. */
gboolean cpu_port_is_f32 (IrPort port);

/* Whether an output can be had with its channels innermost. */
gboolean cpu_port_can_be_last (IrPort port);
/* The layout that an output has been computed in. */
CpuLayout cpu_port_layout (const CpuModel *model, IrPort port);
/* The slot of an output in @layout; made by a step of its own if the output has
 * not been computed in it. */
guint cpu_take (CpuModel *model, IrPort port, CpuLayout layout);

/* A step that reads @ports, all in the layout @in, and writes the outputs of @node
 * into the arena in the layout @out. */
CpuStep *cpu_add_step (CpuModel *model, const IrNode *node, CpuLayout in,
    CpuLayout out, const IrPort *ports, guint n_ports);
/* Keeps the pitch of a slot as it is. */
static inline void
cpu_pin (CpuModel *model, guint slot)
{
  cpu_slot (model, slot)->pinned = TRUE;
}
/* The outputs of @node as parts of what @slot holds, each from @shift[i] bytes on.
 * The contents of @slot have to be in the arena. */
void cpu_add_views (CpuModel *model, const IrNode *node, CpuLayout layout,
    guint slot, const gsize *shift);
/* Whether they are. */
static inline gboolean
cpu_in_arena (const CpuModel *model, guint slot)
{
  const CpuPlace place = cpu_slot (model, slot)->place;

  return place == CPU_ARENA || place == CPU_VIEW;
}
/* Lets the step that makes the slot @part write it into @whole, from channel
 * @channel on; both with their channels innermost. FALSE if that can't be. */
gboolean cpu_adopt (CpuModel *model, guint whole, guint part, gsize channel);
/* The same of slots. */
CpuStep *cpu_add_step_on (CpuModel *model, const IrNode *node, CpuLayout out,
    const guint *slots, guint n_slots);
/* Where the floats of an input or output of a step are. */
static inline float *
cpu_in (const CpuWork *work, guint index)
{
  return work->run->data[work->step->in[index]];
}

static inline float *
cpu_out (const CpuWork *work, guint index)
{
  return work->run->data[work->step->out[index]];
}

/* Floats from one pixel of it to the next. */
static inline gsize
cpu_in_pitch (const CpuWork *work, guint index)
{
  return cpu_slot (work->run->model, work->step->in[index])->pitch;
}

static inline gsize
cpu_out_pitch (const CpuWork *work, guint index)
{
  return cpu_slot (work->run->model, work->step->out[index])->pitch;
}

/* Whether a slot of pixels is kept in bf16, or in levels. */
gboolean cpu_is_bf16 (const CpuWork *work, guint slot);
gboolean cpu_is_levels (const CpuWork *work, guint slot);
/* Bytes of a number of a slot of pixels. */
gsize cpu_number_bytes (const CpuSlot *slot);
/* @n pixels of an input from pixel @first on, as f32: where they are, or in @buffer,
 * of @n times @channels numbers. @pitch becomes the distance between them. */
const float *cpu_get_pixels (const CpuWork *work, guint index, gsize first,
    gsize channels, gsize n, float *buffer, gsize *pitch);
/* Where to write pixels of the output: in it, or in @buffer, which
 * cpu_end_pixels() then writes to it. */
float *cpu_begin_pixels (const CpuWork *work, gsize first, gsize channels,
    float *buffer, gsize *pitch);
void cpu_end_pixels (const CpuWork *work, gsize first, gsize channels, gsize n,
    const float *buffer);
/* Writes pixels of an output that is bf16, through a function that
 * ir_bgemm_knows(). */
void cpu_narrow_pixels (const CpuWork *work, gsize first, gsize channels,
    gsize n, const float *buffer, IrUnary unary, float a);
/* The lines of input 0 that the windows of row @y of all images see, in the type that
 * they are kept in; NULL where they lie outside. */
void cpu_find_lines (
    const CpuWork *work, const IrWindow *w, guint y, gconstpointer *lines);

gboolean cpu_lower_conv (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_igemm (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_bconv (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_qconv (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_stem (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_winograd (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_dwconv (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_deconv (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_matmul (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_product (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_dense (
    CpuModel *model, const CpuFusion *fusion, const CpuProduct *product);
gboolean cpu_lower_pool (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_reduce (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_fold (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_norm (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_line (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_chain (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_softmax (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_quantize (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_concat (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_move (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_gather (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_argmax (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_sample (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_deform (CpuModel *model, const CpuFusion *fusion);
gboolean cpu_lower_interpolate (CpuModel *model, const CpuFusion *fusion);

/* Lets layers that can be computed in several ways be tried while the model is built. */
void cpu_tune_begin (CpuModel *model);
/* As @rule, which is the way that is taken without trying. */
gboolean cpu_tune_lower (
    CpuModel *model, CpuLower rule, const CpuFusion *fusion);

/* What `evaluate` of a node would get, to ask its op for what depends on shapes
 * and constants only: input 0 and the outputs have no contents. @model is NULL
 * before there are slots. FALSE if another
 * input is not constant or an output is empty; to be cleared in any case. */
typedef struct {
  IrEvalCtx ctx;
  IrTensor **in, **out;
} CpuStandIns;

gboolean cpu_stand_ins_init (
    CpuStandIns *stand_ins, const CpuModel *model, const IrNode *node);
void cpu_stand_ins_clear (CpuStandIns *stand_ins);

/* Sizes of a two-dimensional window if all are small enough for ints: positions
 * inside a plane are then, too. */
gboolean cpu_window (const IrConvGeometry *geometry, IrWindow *window);
/* Whether every window lies over an element of the source. */
gboolean cpu_window_sees (const IrWindow *window);
/* The same of a Convolution or GroupConvolution whose data and weights are f32 of
 * known shape. */
gboolean cpu_conv_shape (const IrNode *node, CpuConvShape *shape);
guint64 cpu_conv_flops (const CpuConvShape *shape);

/* The levels of a FakeQuantize that has one range for all and knows zero: the range it
 * looks at, and what its levels stand for. FALSE if it is another one, or if levels
 * are not wanted. */
gboolean cpu_quantizer_levels (
    const CpuModel *model, const IrNode *node, IrQgemmLevels *levels);
/* Those that the outputs of @node are known to have; a step of 0 if there are none. */
IrQgemmLevels cpu_find_levels (const CpuModel *model, const IrNode *node);
gboolean cpu_levels_equal (const IrQgemmLevels *a, const IrQgemmLevels *b);

/* Weights that are a byte times a step of their output channel each: where the bytes
 * come from, in what type. */
typedef struct {
  IrPort source;
  IrDType dtype;
  float zero;
  float *steps;
} CpuByteWeights;

/* FALSE if the weights at @port, of @channels output channels, are others. To be
 * cleared. */
gboolean cpu_byte_weights_find (const CpuModel *model, IrPort port,
    guint channels, CpuByteWeights *weights);
void cpu_byte_weights_clear (CpuByteWeights *weights);
/* Number @at of the source's values, which is of @channel: -128 to 127. */
gint cpu_byte_weight (const CpuByteWeights *weights, gconstpointer values,
    guint channel, gsize at);
/* Whether a convolution is one of levels and bytes. */
gboolean cpu_takes_levels (const CpuModel *model, const IrNode *head);

/* Zeroed, aligned for the widest vectors, to be given to free(); NULL if there is
 * no memory. */
float *cpu_alloc_floats (gsize n);
/* The same with any contents. */
float *cpu_alloc_unset (gsize n);
/* Writes weights to @to in the order in which a kernel reads them. FALSE if they
 * can't be had so. */
typedef gboolean (*CpuPack) (const CpuModel *model, gconstpointer data,
    const float *weights, gpointer to);
/* The @bytes that @pack makes of the value of @weights, from the model's store, which
 * keeps them; NULL if they can't be had, or there is no memory. @format makes a text
 * of all that they depend on beside the value. */
gpointer cpu_pack (CpuModel *model, IrPort weights, gsize bytes, CpuPack pack,
    gconstpointer data, const char *format, ...) G_GNUC_PRINTF (6, 7);

/* Adds to what the user should know of. */
void cpu_warn (CpuModel *model, const char *text);

/* Fills the store with what an earlier compilation has left in the folder that the
 * configuration names; leaves there what it has not found. Failures are the model's
 * warning. */
void cpu_cache_load (CpuModel *model, GHashTable *config);
void cpu_cache_save (CpuModel *model);

/* Weights of a convolution for IrIgemmTile, group by group, panel by panel of
 * cpu_panel_size() floats: [taps][in_channels][nr]. @merged groups are made one
 * before, as cpu_merge_groups() says. As cpu_pack(). */
gsize cpu_panel_size (const IrIgemmKernels *kernels, const CpuConvShape *shape);
const float *cpu_pack_weights (
    CpuModel *model, const CpuConvShape *shape, guint merged, IrPort weights);
/* The same of what is computed while the step runs, into memory that is there. */
void cpu_pack_weights_to (const CpuModel *model, const CpuConvShape *shape,
    const float *weights, float *packed);
/* One panel of a matrix: [channels][n] becomes [n][nr], zeros behind. */
void cpu_pack_panel (
    const float *from, guint channels, gsize n, guint nr, float *to);
/* How many groups of few channels to make one of, with zeros where they don't see
 * each other, for a tile of so few columns takes as long; 1 if that does not pay. An
 * infinity makes NaN of the channels that have become its group's. */
guint cpu_merge_groups (const CpuModel *model, const CpuConvShape *shape);
/* The shape and the weights of it: as cpu_alloc_floats(). */
CpuConvShape cpu_merged_shape (const CpuConvShape *shape, guint merged);
float *cpu_merge_weights (const CpuConvShape *shape, guint merged,
    gboolean transposed, const float *weights);
/* Biases, or zeros, with room for what a kernel reads behind them. As
 * cpu_alloc_floats(). */
float *cpu_pack_bias (const IrIgemmKernels *kernels, const CpuConvShape *shape,
    const CpuFusion *fusion);
/* Bytes of the second-level cache of one core. */
gsize cpu_second_cache (void);
/* Into how many parts to cut work of @flops. */
guint cpu_parts (const CpuModel *model, guint64 flops);
/* How many of @n equal pieces of it, in all @flops, a part should have. */
guint cpu_split (const CpuModel *model, guint64 flops, guint n);

/* Marks of nodes that are in another node's step. */
enum {
  CPU_MARK_FUSED = 1,
  CPU_MARK_CHAINED,
};

/* Whether what follows a node may be computed in its step. */
gboolean cpu_takes_fusion (const IrNode *node);
/* Whether what reads an output could be. */
gboolean cpu_has_follower (IrPort port);
/* Whether a node can be an op of a chain. */
gboolean cpu_can_chain (const IrNode *node);
/* Finds the longest chain that @node is in; FALSE if it ends there. The step is made
 * when the last node is reached, the others get a @mark. */
gboolean cpu_begin_chain (const CpuModel *model, IrNode *node);
/* The function of one number that a node computes. */
gboolean cpu_match_unary (const IrNode *node, IrUnary *op, float *a, float *b);
/* Finds what can follow @head in its step and sets the @mark of these nodes, so
 * that no other step takes them too. */
void cpu_fuse (const CpuModel *model, const IrNode *head, CpuFusion *fusion);
/* Whether its function does no more than keep numbers inside limits; the limits,
 * infinite for every other function. */
gboolean cpu_fusion_is_clamp (const CpuFusion *fusion);
void cpu_fusion_limits (const CpuFusion *fusion, float *low, float *high);
/* Whether kernels of bf16 apply its function themselves, behind those limits: as
 * @unary. */
gboolean cpu_fusion_suits_bf16 (const CpuFusion *fusion, IrUnary *unary);
/* A function of @n pixels of @channels numbers. */
void cpu_unary_pixels (const IrEltwiseKernels *kernels, IrUnary op, float a,
    float b, const float *x, gsize x_pitch, float *to, gsize to_pitch,
    gsize channels, gsize n);
/* The same of two operands; a pitch of 0 takes one pixel for all. */
void cpu_binary_pixels (const IrEltwiseKernels *kernels, IrBinary op,
    const float *x, gsize x_pitch, const float *y, gsize y_pitch, float *to,
    gsize to_pitch, gsize channels, gsize n);
/* Applies its function to @n pixels of @channels channels from @first on, @pitch
 * floats apart, to what has its bias and residual already. */
void cpu_finish_pixels (const CpuRun *run, const CpuFusion *fusion, gsize first,
    gsize channels, float *to, gsize pitch, gsize n);
/* The same to @rows rows of @width numbers one after the other, of which the first
 * @columns are those of channels from @first on, and the others may be changed. */
void cpu_finish_rows (const CpuRun *run, const CpuFusion *fusion, gsize first,
    float *numbers, gsize rows, gsize width, gsize columns);
/* Applies it to @n elements of channel @channel, at @index of the output. */
void cpu_finish (const CpuRun *run, const CpuFusion *fusion,
    const float *residual, float *to, gsize channel, gsize index, gsize n);

/* Every node as a step; the memory of all. */
gboolean cpu_build (CpuModel *model, GError **error);
/* Makes slots bf16, or levels, that nobody needs in f32. */
void cpu_narrow (CpuModel *model);
void cpu_plan (CpuModel *model);
void cpu_model_free (gpointer model);
/* As ir_compiled_model_get_memory(). */
void cpu_model_memory (gpointer model, IrModelMemory *memory);

/* Which variant of each family of kernels this processor gets, in a line. */
void cpu_append_kernels (GString *text);
/* What IR_DEBUG asks for, on stderr. */
void cpu_explain (CpuModel *model);
/* Whether it asks for plans. */
gboolean cpu_explains_plan (void);

/* --- running -------------------------------------------------------------- */

/* Nanoseconds since some moment. */
gint64 cpu_now (void);

gpointer cpu_request_new (gpointer model, GError **error);
void cpu_request_free (gpointer request);
/* As ir_core_preprocess(). */
gboolean cpu_preprocess (const IrPreproc *recipe, const IrFrame *frame,
    const IrRegion *region, guint batch_index, IrTensor *tensor,
    GError **error);
gboolean cpu_infer (gpointer request, IrTensor *const *inputs,
    IrTensor **outputs, const gint *cancelled, GError **error);

G_END_DECLS

#endif
