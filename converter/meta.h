/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_META_H
#define IR_META_H

#include "config.h"

G_BEGIN_DECLS

/*
 * Notes in the model how it was made: "conversion_parameters/<option>" for each
 * option that was set, without the folders of paths. An IR that is only written
 * again keeps what it has.
 */
void ir_meta_write (const IrConvertConfig *config, IrGraph *graph);

G_END_DECLS

#endif
