/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_GST_ERROR_H
#define IR_GST_ERROR_H

#include <gst/gst.h>
#include <ir/error.h>

G_BEGIN_DECLS

/**
 * ir_element_error:
 * @element: who posts it
 * @error: (transfer full): what went wrong, of any domain
 *
 * Posts @error as the element's one error message. The text that users see is
 * the error's message, which names the file, property or input that is wrong
 * and says what to do; GStreamer's domain and code follow from the error's.
 */
#define ir_element_error(element, error)                                       \
  ir_element_error_at (                                                        \
      GST_ELEMENT_CAST (element), (error), __FILE__, G_STRFUNC, __LINE__)

/** ir_element_error_at: ir_element_error() for a given place in the source. */
void ir_element_error_at (GstElement *element, GError *error, const char *file,
    const char *function, gint line);

/** ir_element_error_locate: @domain (out) and @code (out) of the GStreamer error
 * that @error becomes. */
void ir_element_error_locate (const GError *error, GQuark *domain, gint *code);

G_END_DECLS

#endif
