/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irenums.h"
#include "irinferstream.h"
#include "irparts.h"

#include <ir/preproc.h>

/* A function that registers an enum's words when it is first asked. */
#define DEFINE_ENUM(function, name, ...)                                       \
  GType function (void)                                                        \
  {                                                                            \
    static const GEnumValue values[] = { __VA_ARGS__, { 0, NULL, NULL } };     \
    static gsize type;                                                         \
                                                                               \
    if (g_once_init_enter (&type))                                             \
      g_once_init_leave (&type, g_enum_register_static (name, values));        \
    return type;                                                               \
  }

DEFINE_ENUM (ir_resize_get_type, "IrResize",
    { IR_RESIZE_STRETCH, "Each axis by itself", "stretch" },
    { IR_RESIZE_LETTERBOX, "Whole picture with its aspect ratio, rest padded",
        "letterbox" },
    { IR_RESIZE_CROP, "Middle of the picture with the network's aspect ratio",
        "crop" },
    { IR_RESIZE_NONE, "Sizes must be equal", "none" })

DEFINE_ENUM (ir_interpolation_get_type, "IrInterpolation",
    { IR_INTERPOLATION_BILINEAR, "Between the two nearest pixels", "bilinear" },
    { IR_INTERPOLATION_NEAREST, "The nearest pixel", "nearest" },
    { IR_INTERPOLATION_AREA, "Mean of the covered area", "area" },
    { IR_INTERPOLATION_CUBIC, "Between the four nearest pixels", "cubic" })

/* Two spellings of one mode: DL Streamer's users know it as roi-list. */
DEFINE_ENUM (ir_region_mode_get_type, "IrRegionMode",
    { IR_REGION_FULL_FRAME, "The whole frame", "full-frame" },
    { IR_REGION_ROI, "Each region of interest on the frame", "roi" },
    { IR_REGION_ROI, "The same as roi", "roi-list" })

DEFINE_ENUM (ir_infer_policy_get_type, "IrInferPolicy",
    { IR_POLICY_ALL, "Infer all frames, hold upstream back", "all" },
    { IR_POLICY_LATEST, "Drop frames that wait when a later one comes",
        "latest" })
