/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decoder.h"

/* Fits everything, so it has to be asked for. */
IrFit
ir_match_raw (
    const IrPorts *ports, const IrDecodeParams *params, IrRoles *roles)
{
  return IR_FIT_NONE;
}

gboolean
ir_decode_raw (const IrPorts *ports, const IrRoles *roles,
    const IrDecodeParams *params, IrDetections *out, GError **error)
{
  out->raw = TRUE;
  return TRUE;
}
