/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layers of forks that change the size of planes. */
#include "map.h"

#include <math.h>
#include <string.h>

static const gint64 planes[] = { 2, 3 };

typedef struct {
  const char *mode;
  const char *coordinates;
  gboolean antialias;
} Resize;

/* @sizes and the factors by which they differ, of height and width. */
static void
resize (IrBuild *n, IrPort data, IrPort sizes, const Resize *how)
{
  IrPort axes = ir_build_list (n, planes, G_N_ELEMENTS (planes));
  IrPort now = ir_build_gather (n, ir_build_shape (n, data), axes, 0);
  IrPort factors =
      ir_build_op (n, "Divide", 1, 2, ir_build_cast (n, sizes, IR_DTYPE_F32),
          ir_build_cast (n, now, IR_DTYPE_F32));
  IrNode *op =
      ir_build_add (n, "Interpolate", 4, 4, data, sizes, factors, axes);

  ir_build_set_text (n, op, "mode", how->mode);
  ir_build_set_text (n, op, "shape_calculation_mode", "sizes");
  ir_build_set_text (n, op, "coordinate_transformation_mode", how->coordinates);
  ir_build_set_text (n, op, "nearest_mode", "floor");
  ir_build_set_bool (n, op, "antialias", how->antialias);
  ir_build_out (n, 0, ir_build_done (n, op));
}

/* --- Interp --------------------------------------------------------------------------- */

static gint64
interp_size (IrBuild *n, const char *field, gint64 size)
{
  gint64 shrink = caffe_i64 (n, "shrink_factor", 1);
  gint64 zoom = caffe_i64 (n, "zoom_factor", 1);
  gint64 wanted = caffe_i64 (n, field, 0);

  if (shrink < 1 || zoom < 1 || zoom > G_MAXINT16) {
    ir_build_fail (n, IR_ERROR_PARSE, "has a factor that is out of range");
    return 1;
  }
  if (wanted > 0)
    return wanted;
  size = (size - 1) / shrink + 1;
  return size + (size - 1) * (zoom - 1);
}

void
caffe_map_interp (IrBuild *n)
{
  static const Resize how = { "linear_onnx", "align_corners", FALSE };
  IrPort data = ir_build_in (n, 0), sizes;
  gint64 wanted[2];

  if (caffe_i64 (n, "pad_beg", 0) != 0 || caffe_i64 (n, "pad_end", 0) != 0)
    ir_build_fail (n, IR_ERROR_UNSUPPORTED, "has padding");
  if (ir_build_rank (n, data) != 4)
    ir_build_fail (n, IR_ERROR_SHAPE, "has an input that is not 4-D");
  if (ir_build_failed (n))
    return;
  if (caffe_n_bottoms (n) > 1) {
    sizes = ir_build_gather (n, ir_build_shape (n, ir_build_in (n, 1)),
        ir_build_list (n, planes, G_N_ELEMENTS (planes)), 0);
  } else {
    wanted[0] = interp_size (n, "height", caffe_dim (n, data, 2));
    wanted[1] = interp_size (n, "width", caffe_dim (n, data, 3));
    sizes = ir_build_list (n, wanted, G_N_ELEMENTS (wanted));
  }
  resize (n, data, sizes, &how);
}

/* --- by a factor ------------------------------------------------------------------------ */

static IrPort
scaled_sizes (IrBuild *n, IrPort data, double factor)
{
  gint64 sizes[2];

  if (ir_build_rank (n, data) != 4 || !(factor > 0) || factor > G_MAXINT16) {
    ir_build_fail (n, IR_ERROR_SHAPE,
        "has an input that is not 4-D, or a factor that is out of range");
    return IR_NO_PORT;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    sizes[i] =
        (gint64) floor ((double) caffe_dim (n, data, planes[i]) * factor);
  return ir_build_list (n, sizes, G_N_ELEMENTS (sizes));
}

void
caffe_map_resample (IrBuild *n)
{
  const char *type = caffe_text (n, "type", "LINEAR");
  IrPort data = ir_build_in (n, 0);
  Resize how = { "nearest", "half_pixel", caffe_bool (n, "antialias", TRUE) };

  if (strcmp (type, "LINEAR") == 0)
    how.mode = "linear";
  else if (strcmp (type, "CUBIC") == 0)
    how.mode = "cubic";
  else if (strcmp (type, "NEAREST") != 0)
    ir_build_fail (n, IR_ERROR_UNSUPPORTED, "has the type %s", type);
  if (caffe_has (n, "width") && caffe_has (n, "height")) {
    gint64 sizes[] = { caffe_i64 (n, "height", 1), caffe_i64 (n, "width", 1) };

    resize (n, data, ir_build_list (n, sizes, G_N_ELEMENTS (sizes)), &how);
    return;
  }
  resize (n, data, scaled_sizes (n, data, caffe_f64 (n, "factor", 1)), &how);
}

void
caffe_map_upsample (IrBuild *n)
{
  static const Resize how = { "nearest", "asymmetric", FALSE };
  IrPort data = ir_build_in (n, 0);

  if (caffe_n_bottoms (n) > 1)
    ir_build_fail (n, IR_ERROR_UNSUPPORTED,
        "takes the places of a pooling's maxima, which the IR has no op for");
  resize (n, data, scaled_sizes (n, data, (double) caffe_i64 (n, "scale", 2)),
      &how);
}
