/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_DIGEST_H
#define IR_DIGEST_H

#include <glib.h>

G_BEGIN_DECLS

/*
 * The SHA-256 of a model, computed when somebody asks: it takes a third of a
 * second for 100 MB, which few lines need.
 */

/** IrDigest: reference counted. May be asked by any thread. */
typedef struct _IrDigest IrDigest;

/** ir_digest_new_ir: (transfer full): of an IR's text and weights as they are now;
 * @bin may be missing. */
IrDigest *ir_digest_new_ir (const char *xml, const char *bin);
/** ir_digest_new_sum: (transfer full): one that is known. */
IrDigest *ir_digest_new_sum (const char *sum);

/** ir_digest_ref: (transfer full). */
IrDigest *ir_digest_ref (IrDigest *digest);
/** ir_digest_unref: */
void ir_digest_unref (IrDigest *digest);

/** ir_digest_get: (transfer none) (nullable): in hexadecimal; %NULL if the files
 * have changed since or can't be read any more. */
const char *ir_digest_get (IrDigest *digest);

G_END_DECLS

#endif
