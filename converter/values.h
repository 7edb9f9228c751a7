/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_VALUES_H
#define IR_VALUES_H

#include <ir/tensor.h>

G_BEGIN_DECLS

/*
 * The syntax of option values. Each parser takes the text after the option and
 * fails with IR_ERROR_PARSE quoting the part that it does not understand.
 */

/* One item of --input. @name may have ports ("0:node", "node:1"). @value is of
 * rank 0 or 1, i64, f32 or boolean. */
typedef struct {
  char *name;
  gboolean has_shape;
  IrShape shape;
  IrDType dtype;   /* IR_DTYPE_DYNAMIC: not given */
  IrTensor *value; /* NULL: not frozen */
} IrInputSpec;

/* One group of --mean_values or --scale_values. */
typedef struct {
  char *name; /* NULL: by position */
  gsize n;
  double *values;
} IrValueGroup;

/* One item of --layout. Layouts are a lower-case letter per dimension, '?' for
 * one without a name, '.' for any number of them. */
typedef struct {
  char *name;   /* NULL: the only input */
  char *source; /* NULL: not given */
  char *target; /* NULL: not changed */
} IrLayoutSpec;

void ir_input_spec_free (IrInputSpec *spec);
void ir_value_group_free (IrValueGroup *group);
void ir_layout_spec_free (IrLayoutSpec *spec);

/* (transfer full) (element-type IrInputSpec) */
GPtrArray *ir_value_parse_inputs (const char *text, GError **error);
/* (transfer full) (element-type IrShape) */
GArray *ir_value_parse_shapes (const char *text, GError **error);
/* (transfer full): NULL-terminated */
char **ir_value_parse_names (const char *text, GError **error);
/* (transfer full) (element-type IrValueGroup) */
GPtrArray *ir_value_parse_groups (const char *text, GError **error);
/* (transfer full) (element-type IrLayoutSpec) */
GPtrArray *ir_value_parse_layouts (const char *text, GError **error);
gboolean ir_value_parse_bool (
    const char *text, gboolean *value, GError **error);
gboolean ir_value_parse_real (const char *text, double *value, GError **error);
/* "(2,3)" or "2,3": a row and a column. */
gboolean ir_value_parse_offsets (
    const char *text, gint64 offsets[2], GError **error);
/* At least 1. */
gboolean ir_value_parse_batch (const char *text, gint64 *value, GError **error);

/* The same for the option table: only whether it parses. */
gboolean ir_value_check_inputs (const char *text, GError **error);
gboolean ir_value_check_shapes (const char *text, GError **error);
gboolean ir_value_check_names (const char *text, GError **error);
gboolean ir_value_check_groups (const char *text, GError **error);
/* Groups without zeros. */
gboolean ir_value_check_divisors (const char *text, GError **error);
gboolean ir_value_check_layouts (const char *text, GError **error);
gboolean ir_value_check_batch (const char *text, GError **error);
gboolean ir_value_check_scale (const char *text, GError **error);
gboolean ir_value_check_offsets (const char *text, GError **error);
gboolean ir_value_check_file_name (const char *text, GError **error);

/* Splits @text at commas that are in no bracket; items are stripped, and an
 * empty one is an error. */
char **ir_value_split (const char *text, GError **error);

/*
 * Where dimension @letter of @layout is in a tensor of @rank.
 *
 * Returns FALSE if the layout does not name it or does not fit the rank.
 */
gboolean ir_layout_find (
    const char *layout, gint rank, char letter, guint *dim);
/* Whether a tensor of @rank can have the layout. */
gboolean ir_layout_fits (const char *layout, gint rank);
/* (transfer full): such as "[N,C,H,W]". */
char *ir_layout_to_string (const char *layout);

G_END_DECLS

#endif
