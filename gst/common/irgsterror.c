/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irgsterror.h"

#include <gio/gio.h>

/* clang-format off */
static const struct {
  IrErrorCode code;
  gboolean resource;
  gint gst_code;
} table[] = {
  { IR_ERROR_NOT_FOUND,   TRUE,  GST_RESOURCE_ERROR_NOT_FOUND },
  { IR_ERROR_PARSE,       TRUE,  GST_RESOURCE_ERROR_READ },
  { IR_ERROR_UNSUPPORTED, FALSE, GST_LIBRARY_ERROR_SETTINGS },
  { IR_ERROR_SHAPE,       FALSE, GST_LIBRARY_ERROR_SETTINGS },
  { IR_ERROR_LIMIT,       TRUE,  GST_RESOURCE_ERROR_NO_SPACE_LEFT },
  { IR_ERROR_DEVICE,      FALSE, GST_LIBRARY_ERROR_FAILED },
  { IR_ERROR_BUSY,        TRUE,  GST_RESOURCE_ERROR_BUSY },
  { IR_ERROR_CANCELLED,   FALSE, GST_LIBRARY_ERROR_SHUTDOWN },
  { IR_ERROR_INTERNAL,    FALSE, GST_LIBRARY_ERROR_FAILED },
};
/* clang-format on */

static gboolean
is_gst_domain (GQuark domain)
{
  return domain == GST_RESOURCE_ERROR || domain == GST_STREAM_ERROR ||
      domain == GST_CORE_ERROR || domain == GST_LIBRARY_ERROR;
}

void
ir_element_error_locate (const GError *error, GQuark *domain, gint *code)
{
  *domain = GST_LIBRARY_ERROR;
  *code = GST_LIBRARY_ERROR_FAILED;

  if (is_gst_domain (error->domain)) {
    *domain = error->domain;
    *code = error->code;
  } else if (error->domain == G_FILE_ERROR || error->domain == G_IO_ERROR) {
    *domain = GST_RESOURCE_ERROR;
    *code = GST_RESOURCE_ERROR_READ;
  } else if (error->domain == IR_ERROR) {
    for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
      if (table[i].code != (IrErrorCode) error->code)
        continue;
      *domain = table[i].resource ? GST_RESOURCE_ERROR : GST_LIBRARY_ERROR;
      *code = table[i].gst_code;
    }
  }
}

void
ir_element_error_at (GstElement *element, GError *error, const char *file,
    const char *function, gint line)
{
  GQuark domain;
  gint code;

  ir_element_error_locate (error, &domain, &code);
  gst_element_message_full (element, GST_MESSAGE_ERROR, domain, code,
      g_strdup (error->message),
      g_strdup_printf (
          "%s, code %d", g_quark_to_string (error->domain), error->code),
      file, function, line);
  g_error_free (error);
}
