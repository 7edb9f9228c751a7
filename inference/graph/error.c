/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ir/error.h>

G_DEFINE_QUARK (ir - error - quark, ir_error)

gboolean
ir_set_error (GError **error, IrErrorCode code, const char *format, ...)
{
  va_list args;

  if (error == NULL)
    return FALSE;
  va_start (args, format);
  *error = g_error_new_valist (IR_ERROR, (gint) code, format, args);
  va_end (args);
  return FALSE;
}
