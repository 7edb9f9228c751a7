/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ERROR_H
#define IR_ERROR_H

#include <glib.h>

G_BEGIN_DECLS

/**
 * IR_ERROR:
 *
 * The domain of every error that these libraries return. A function that
 * returns an error leaves its outputs untouched, has released what it took and
 * says in the message which file, node, port, option or device is meant and
 * what can be done about it.
 *
 * Since: 0.1
 */
#define IR_ERROR (ir_error_quark ())

/**
 * IrErrorCode:
 * @IR_ERROR_NOT_FOUND: a file, node, tensor, device or plugin is not there
 * @IR_ERROR_PARSE: bytes or text that don't follow their format
 * @IR_ERROR_UNSUPPORTED: well-formed, but an op, version, type or combination
 *   that is not implemented
 * @IR_ERROR_SHAPE: shapes or types that don't fit each other
 * @IR_ERROR_LIMIT: a size beyond what is sane or what memory allows
 * @IR_ERROR_DEVICE: a device or its plugin failed
 * @IR_ERROR_BUSY: a resource is in use; try again later
 * @IR_ERROR_CANCELLED: the caller, or a shutdown, asked to stop
 * @IR_ERROR_INTERNAL: a defect of this library
 *
 * Since: 0.1
 */
typedef enum {
  IR_ERROR_NOT_FOUND,
  IR_ERROR_PARSE,
  IR_ERROR_UNSUPPORTED,
  IR_ERROR_SHAPE,
  IR_ERROR_LIMIT,
  IR_ERROR_DEVICE,
  IR_ERROR_BUSY,
  IR_ERROR_CANCELLED,
  IR_ERROR_INTERNAL,
} IrErrorCode;

/**
 * IR_API:
 *
 * Marks what a shared library exports; everything else is hidden.
 */
#define IR_API __attribute__ ((visibility ("default")))

/**
 * ir_error_quark:
 *
 * Returns: the quark behind #IR_ERROR
 *
 * Since: 0.1
 */
IR_API GQuark ir_error_quark (void);

/**
 * ir_set_error:
 * @error: (nullable): where to put the error
 * @code: an #IrErrorCode
 * @format: a printf format for the message
 *
 * Returns: %FALSE
 *
 * Since: 0.1
 */
IR_API gboolean ir_set_error (GError **error, IrErrorCode code,
    const char *format, ...) G_GNUC_PRINTF (3, 4);

static inline gboolean
ir_failed (gboolean unused)
{
  return FALSE;
}

/**
 * ir_fail:
 *
 * ir_set_error() for `return ir_fail (error, …);`. A macro, so that compilers
 * see that the value is %FALSE.
 *
 * Since: 0.1
 */
#define ir_fail(...) ir_failed (ir_set_error (__VA_ARGS__))

G_END_DECLS

#endif
