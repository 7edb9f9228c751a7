/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sampled.h"

static IrTensor *
without_contents (const IrOutput *output)
{
  static guint8 nothing;

  return ir_tensor_new_wrapped (
      output->dtype, &output->shape, &nothing, G_MAXSIZE, NULL, NULL, NULL);
}

gboolean
cpu_sampled_init (CpuSampled *sampled, const IrNode *node)
{
  *sampled = (CpuSampled){ 0 };
  if (node->n_inputs > CPU_SAMPLED_INPUTS ||
      !cpu_port_can_be_last (node->inputs[0]) ||
      !cpu_port_can_be_last (ir_port ((IrNode *) node, 0)))
    return FALSE;
  for (guint i = 0; i < node->n_inputs; i++) {
    sampled->in[i] = without_contents (ir_node_input (node, i));
    if (!sampled->in[i])
      return FALSE;
    sampled->n_in++;
  }
  sampled->out = without_contents (&node->outputs[0]);
  return sampled->out != NULL;
}

CpuStep *
cpu_sampled_add (CpuModel *model, const IrNode *node, CpuLayout out,
    const guint *read, guint n, CpuSampled *sampled)
{
  guint slots[CPU_SAMPLED_INPUTS];

  sampled->n_read = n;
  for (guint i = 0; i < n; i++) {
    sampled->read[i] = read[i];
    slots[i] = cpu_take (
        model, node->inputs[read[i]], read[i] == 0 ? CPU_LAST : CPU_PLAIN);
  }
  return cpu_add_step_on (model, node, out, slots, n);
}

void
cpu_sampled_clear (CpuSampled *sampled)
{
  for (guint i = 0; i < sampled->n_in; i++)
    g_clear_pointer (&sampled->in[i], ir_tensor_unref);
  g_clear_pointer (&sampled->out, ir_tensor_unref);
}

gboolean
cpu_sampled_begin (const CpuSampled *sampled, const CpuWork *work,
    CpuSampledRun *at, IrSampling *sampling, GError **error)
{
  const IrNode *node = work->step->node;

  at->ctx =
      (IrEvalCtx){ node, node->attrs, sampled->n_in, at->in, 1, &at->out };
  at->out = sampled->out;
  for (guint i = 0; i < sampled->n_in; i++)
    at->in[i] = sampled->in[i];
  for (guint i = 1; i < sampled->n_read; i++)
    at->in[sampled->read[i]] = work->run->tensors[work->step->in[i]];
  if (node->op->sampling (&at->ctx, sampling, error))
    return TRUE;
  g_prefix_error (error, "node '%s': ", node->name);
  return FALSE;
}

gboolean
cpu_sampled_fail (const CpuWork *work, GError **error)
{
  return ir_fail (error, IR_ERROR_LIMIT,
      "node '%s': no memory for all that one pixel reads",
      work->step->node->name);
}
