/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_SETUP_H
#define IR_SETUP_H

#include "description.h"
#include "irtensormeta.h"

G_BEGIN_DECLS

/** IrDecodeSet: numbers that the user set, so that a description can't override
 * them. */
typedef enum {
  IR_DECODE_THRESHOLD = 1 << 0,
  IR_DECODE_NMS_THRESHOLD = 1 << 1,
  IR_DECODE_MAX_OBJECTS = 1 << 2,
} IrDecodeSet;

/** IrDecodeProps: the element's properties. @set: of #IrDecodeSet */
typedef struct {
  char *decoder;
  char *labels;
  char *labels_file;
  char *class_thresholds;
  char *description;
  float threshold;
  float nms_threshold;
  guint max_objects;
  guint set;
} IrDecodeProps;

/** ir_decode_props_copy: @to gets copies of the strings. */
void ir_decode_props_copy (IrDecodeProps *to, const IrDecodeProps *from);
void ir_decode_props_clear (IrDecodeProps *props);

/**
 * IrSetup: how the outputs of one model are read
 * @info: the model
 * @decoder: chosen by name, or by the first outputs
 * @params: for it
 * @point_names: (nullable):
 * @connections: (nullable): of guint
 * @warnings: of char *, to be told once
 */
typedef struct {
  IrModelInfo *info;
  const IrDecoder *decoder;
  IrDecodeParams params;
  GStrv point_names;
  GArray *connections;
  GPtrArray *warnings;
} IrSetup;

/**
 * ir_setup_new:
 *
 * Brings together, in this order: properties, the description file, the
 * model's own `model_info`, the decoder's defaults.
 *
 * Returns: (transfer full): or %NULL with an error naming the property or file
 */
IrSetup *ir_setup_new (IrModelInfo *info, const IrDecodeProps *props,
    const IrOutput *outputs, gsize n, GError **error);
void ir_setup_free (IrSetup *setup);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IrSetup, ir_setup_free)

G_END_DECLS

#endif
