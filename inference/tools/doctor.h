/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_DOCTOR_H
#define IR_DOCTOR_H

#include <ir/core.h>

G_BEGIN_DECLS

/* One line: what, its state in a word, and more on it. */
void ir_doctor_row (const char *label, const char *state, const char *text);

/* GStreamer, the elements, the dialects of metadata that they write. It is looked
 * up as an application finds it; that there is none is not a fault, but elements
 * that don't load are: FALSE. */
gboolean ir_doctor_gstreamer (void);

/* Versions of the libraries that gst-ir stands on, and OpenCL. */
void ir_doctor_libraries (void);

G_END_DECLS

#endif
