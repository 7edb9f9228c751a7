/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

static IrTensor *
known_value (const CpuModel *model, IrPort port)
{
  return model ? cpu_port_value (model, port) : ir_port_const (port);
}

/* A tensor with the type and shape of @port, or its value. */
static IrTensor *
stand_in (const CpuModel *model, IrPort port)
{
  const IrOutput *output = ir_port_output (port);
  IrTensor *value = known_value (model, port);
  static guint8 nothing;

  if (value)
    return ir_tensor_ref (value);
  return ir_tensor_new_wrapped (
      output->dtype, &output->shape, &nothing, G_MAXSIZE, NULL, NULL, NULL);
}

gboolean
cpu_stand_ins_init (CpuStandIns *s, const CpuModel *model, const IrNode *node)
{
  gboolean ok = TRUE;

  s->in = g_new0 (IrTensor *, node->n_inputs + 1);
  s->out = g_new0 (IrTensor *, node->n_outputs + 1);
  s->ctx = (IrEvalCtx){ node, node->attrs, node->n_inputs, s->in,
    node->n_outputs, s->out };
  for (gsize i = 0; i < node->n_inputs; i++) {
    s->in[i] = stand_in (model, node->inputs[i]);
    ok = ok && s->in[i] && (i == 0 || known_value (model, node->inputs[i]));
  }
  for (gsize i = 0; i < node->n_outputs; i++) {
    s->out[i] = stand_in (model, ir_port ((IrNode *) node, i));
    ok = ok && s->out[i] && s->out[i]->size > 0;
  }
  return ok;
}

void
cpu_stand_ins_clear (CpuStandIns *s)
{
  for (gsize i = 0; i < s->ctx.n_inputs; i++)
    g_clear_pointer (&s->in[i], ir_tensor_unref);
  for (gsize i = 0; i < s->ctx.n_outputs; i++)
    g_clear_pointer (&s->out[i], ir_tensor_unref);
  g_free (s->in);
  g_free (s->out);
}
