/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_FRONTEND_H
#define IR_FRONTEND_H

#include "source.h"

#include <ir/convert.h>
#include <ir/graph.h>

G_BEGIN_DECLS

/*
 * A frontend reads one framework's files. It is used in three steps, so that the
 * caller can look at the model's inputs between them:
 *
 *   source = frontend->read (path, &read_options, error);
 *   ir_source_apply (source, &options, error);
 *   graph = frontend->convert (source, &options, &unsupported, log, data, error);
 */

/* One op of a model that the frontend can't convert. @domain is "" for the
 * framework's own; @reason may be NULL ("there is no rule for this op"). */
typedef struct {
  char *type;
  char *domain;
  char *reason;
  GPtrArray *nodes; /* char *: labels of the nodes, all of them */
  GPtrArray *cuts;  /* char *: tensors that the nodes produce, to cut the model
                      behind them with --input, in the order of @nodes */
  GPtrArray *ends;  /* char *: tensors that the nodes read, to end the model
                      before them with --output */
} IrUnsupported;

void ir_unsupported_free (IrUnsupported *unsupported);

/* What else a frontend needs to know to read a model. */
typedef struct {
  const char *proto; /* --input_proto, or NULL */
} IrReadOptions;

typedef struct {
  const char *name;            /* as in --framework */
  const char *title;           /* as in messages */
  const char *const *suffixes; /* with the dot, lower case, NULL-terminated */
  gboolean tensors_name_ends;  /* nodes at the ends are called as the tensors */

  /* Whether a file that begins with these bytes looks like one of its own; NULL if
   * only the suffix tells. */
  gboolean (*probe) (const guint8 *head, gsize n);

  /* (transfer full): the file as a neutral model. */
  IrSource *(*read) (
      const char *path, const IrReadOptions *options, GError **error);

  /*
   * (transfer full): the graph, inferred. Constants wrap the source's memory and
   * keep it alive: @source may be freed at once.
   *
   * @unsupported (out) (optional) (nullable) (element-type IrUnsupported): set
   *   when it fails because of ops without a rule; the error names them too
   */
  IrGraph *(*convert) (IrSource *source, const IrImportOptions *options,
      GPtrArray **unsupported, IrConvertLog log, gpointer user_data,
      GError **error);
} IrFrontend;

extern const IrFrontend ir_frontend_caffe;
extern const IrFrontend ir_frontend_onnx;

/* (array length=n): all of them. */
const IrFrontend *const *ir_frontend_list (gsize *n);

/*
 * The frontend for a file: the one called @framework, else the one of the
 * suffix, else one that knows the contents. Fails with IR_ERROR_NOT_FOUND (no
 * file, no such framework) or IR_ERROR_UNSUPPORTED, naming what can be read.
 */
const IrFrontend *ir_frontend_find (
    const char *path, const char *framework, GError **error);

G_END_DECLS

#endif
