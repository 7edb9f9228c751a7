/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_BODY_H
#define IR_BODY_H

#include <ir/graph.h>

G_BEGIN_DECLS

/*
 * Ops with bodies: TensorIterator and Loop (one body: node->bodies[0]), If (two:
 * then, else). How their ports are tied to the Parameters and Results of the
 * bodies is kept in their attribute structs as lists of records, all of gint64:
 * inputs and outputs of the node count by position, Parameters by their position
 * in body->parameters, Results in body->results. The IR's layer ids and port ids
 * are translated when a file is read or written.
 *
 * A record list is an #IrI64s with the fields of all records one after another,
 * so that whatever copies attributes copies it; read it with the accessors here
 * and set it with the setters.
 *
 * An edit that adds or removes inputs of the node, Parameters or Results of a
 * body has to renumber the records.
 */

/** IR_BODY_WHOLE: as @axis of an #IrBodyMap: the tensor is passed whole, not in
 * slices. Since: 0.1 */
#define IR_BODY_WHOLE G_MININT64

/**
 * IrBodyMap: how one input or output of a TensorIterator or Loop is tied to its
 *   body
 * @port: the node's input or output
 * @inner: the body's Parameter (inputs) or Result (outputs)
 * @axis: dimension along which an input is cut, or an output is put together,
 *   one slice per iteration; negative counts from the end. %IR_BODY_WHOLE: an
 *   input is the same in every iteration, or the start value if a back edge
 *   leads to the Parameter; an output has the value of the last iteration
 * @start: where the first slice begins (ends, if @stride is negative); negative
 *   counts from the end, -1 being the end itself
 * @end: where the last slice ends (begins), counted likewise; forwards through
 *   everything is 0 to -1, backwards -1 to 0
 * @stride: distance between slices, negative for backwards
 * @part_size: thickness of a slice
 *
 * Since: 0.1
 */
typedef struct {
  gint64 port;
  gint64 inner;
  gint64 axis;
  gint64 start;
  gint64 end;
  gint64 stride;
  gint64 part_size;
} IrBodyMap;

/**
 * IrBodyLink: a pair of positions
 * @from: of a back edge the body's Result; of an If's input or output the node's
 *   port
 * @to: of a back edge the body's Parameter; of an If's input the Parameter, of
 *   its output the Result
 *
 * Since: 0.1
 */
typedef struct {
  gint64 from;
  gint64 to;
} IrBodyLink;

/**
 * IrLoopAttrs: TensorIterator, Loop
 * @inputs: (element-type IrBodyMap): of Loop without its first two inputs, trip
 *   count and condition
 * @outputs: (element-type IrBodyMap)
 * @back_edges: (element-type IrBodyLink): Result of an iteration to Parameter of
 *   the next
 * @current_iteration: of Loop: the Parameter that gets the number of the
 *   iteration, -1 for none
 * @execution_condition: of Loop: the Result that says whether to go on, -1 for
 *   none
 *
 * Since: 0.1
 */
typedef struct {
  IrI64s inputs;
  IrI64s outputs;
  IrI64s back_edges;
  gint64 current_iteration;
  gint64 execution_condition;
} IrLoopAttrs;

/**
 * IrIfAttrs: If; input 0 is the condition
 * @then_inputs: (element-type IrBodyLink): inputs of the node to Parameters
 * @then_outputs: (element-type IrBodyLink): outputs of the node to Results
 * @else_inputs: (element-type IrBodyLink)
 * @else_outputs: (element-type IrBodyLink)
 *
 * Since: 0.1
 */
typedef struct {
  IrI64s then_inputs;
  IrI64s then_outputs;
  IrI64s else_inputs;
  IrI64s else_outputs;
} IrIfAttrs;

/** ir_body_map_count, ir_body_link_count: number of records. Since: 0.1 */
IR_API gsize ir_body_map_count (const IrI64s *list);
IR_API gsize ir_body_link_count (const IrI64s *list);

/** ir_body_map_get, ir_body_link_get: record @index, below the count.
 * Since: 0.1 */
IR_API IrBodyMap ir_body_map_get (const IrI64s *list, gsize index);
IR_API IrBodyLink ir_body_link_get (const IrI64s *list, gsize index);

/** ir_body_maps, ir_body_links: lists for the attribute struct of a node of
 * @graph, from copies of the records. Since: 0.1 */
IR_API IrI64s ir_body_maps (IrGraph *graph, const IrBodyMap *v, gsize n);
IR_API IrI64s ir_body_links (IrGraph *graph, const IrBodyLink *v, gsize n);

G_END_DECLS

#endif
