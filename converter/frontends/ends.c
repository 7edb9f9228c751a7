/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "build.h"

gboolean
ir_build_input (
    IrGraph *graph, const IrSourceValue *value, IrPort *out, GError **error)
{
  IrDType dtype =
      value->dtype == IR_DTYPE_DYNAMIC ? IR_DTYPE_F32 : value->dtype;
  IrDType outside = value->asked == IR_DTYPE_DYNAMIC ? dtype : value->asked;
  IrNode *node = ir_graph_add_parameter (graph,
      value->label != NULL ? value->label : value->name, outside,
      &value->shape);
  IrPort port = ir_port (node, 0);

  ir_port_add_name (port, value->name);
  if (!ir_node_infer (node, error))
    return FALSE;
  if (outside != dtype) {
    g_autofree char *name = g_strconcat (value->name, "/Convert", NULL);
    IrNode *convert = ir_graph_add_op (graph, "Convert", 1, name, 1, port);

    if (!ir_node_set_dtype (convert, "destination_type", dtype, error) ||
        !ir_node_infer (convert, error))
      return FALSE;
    port = ir_port (convert, 0);
  }
  *out = port;
  return TRUE;
}

gboolean
ir_build_output (
    IrGraph *graph, const IrSourceValue *value, IrPort port, GError **error)
{
  g_autofree char *name = g_strconcat (value->name, "/sink_port_0", NULL);
  IrNode *node;

  ir_port_add_name (port, value->name);
  node = ir_graph_add_result (graph, name, port);
  return ir_node_infer (node, error);
}
