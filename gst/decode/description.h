/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_DESCRIPTION_H
#define IR_DESCRIPTION_H

#include "decode.h"

G_BEGIN_DECLS

/**
 * IrDescription: what a file beside the model says about its outputs. Fields
 * that it does not mention are %NULL, NAN or -1.
 * @decoder: name of the decoder
 * @threshold: 0..1
 * @nms_threshold: 0..1
 * @max_objects: -1 if not given
 * @labels: names of the classes
 * @class_thresholds: "name=value" each
 * @heads: of #IrHead
 * @anchors: of double
 * @point_names: one per keypoint
 * @connections: of guint, pairs of indices of keypoints to join by a line
 * @warnings: of char *: what was read past
 */
typedef struct {
  char *decoder;
  float threshold;
  float nms_threshold;
  gint max_objects;
  GStrv labels;
  GStrv class_thresholds;
  GPtrArray *heads;
  GArray *anchors;
  GStrv point_names;
  GArray *connections;
  GPtrArray *warnings;
} IrDescription;

/**
 * ir_description_load:
 * @path: a JSON file: our own ("schema": "gst-ir.description/1", every key is
 *   checked) or DL Streamer's model-proc ("output_postproc")
 *
 * Returns: (transfer full): or %NULL with an error naming @path and the key
 */
IrDescription *ir_description_load (const char *path, GError **error);

/**
 * ir_description_from_model_info:
 * @info: strings of an IR's `rt_info/model_info`, keys without prefix
 *
 * Returns: (transfer full): or %NULL with an error naming the key
 */
IrDescription *ir_description_from_model_info (
    GHashTable *info, GError **error);

void ir_description_free (IrDescription *description);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IrDescription, ir_description_free)

/** ir_labels_parse: (transfer full): "a,b" or "<a,b>"; %NULL for an empty
 * list. */
GStrv ir_labels_parse (const char *text);

/** ir_labels_load: (transfer full): one name per line of a file. */
GStrv ir_labels_load (const char *path, GError **error);

/**
 * ir_class_thresholds_parse:
 * @list: "name=value" each; a name may be the number of a class
 * @labels: (nullable): names of the classes
 * @what: what to call the list in messages
 *
 * Returns: (transfer full): of float, NAN where there is none, or %NULL with
 *   %IR_ERROR_PARSE or %IR_ERROR_NOT_FOUND
 */
GArray *ir_class_thresholds_parse (
    const GStrv list, const GStrv labels, const char *what, GError **error);

G_END_DECLS

#endif
