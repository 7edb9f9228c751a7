/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "palette.h"

#include <string.h>

struct _IrPalette {
  GArray *turn;
  GHashTable *named;
};

/* Far apart from each other, and bright enough for video. */
static const IrColor built_in[] = { { 0x2e, 0xcc, 0x71 }, { 0xff, 0x6b, 0x35 },
  { 0x3d, 0x9c, 0xff }, { 0xff, 0xd1, 0x2e }, { 0xe8, 0x4a, 0x9c },
  { 0x00, 0xd8, 0xd8 }, { 0xa5, 0x6e, 0xff }, { 0xb8, 0xe9, 0x2a },
  { 0xff, 0x45, 0x4b }, { 0x7f, 0xc8, 0xff }, { 0xff, 0xa8, 0xc5 },
  { 0x1f, 0xa8, 0x8c } };

static gboolean
parse_color (const char *text, IrColor *color)
{
  gint digits[6];

  if (*text == '#')
    text++;
  if (strlen (text) != 6)
    return FALSE;
  for (guint i = 0; i < 6; i++) {
    digits[i] = g_ascii_xdigit_value (text[i]);
    if (digits[i] < 0)
      return FALSE;
  }
  color->red = digits[0] * 16 + digits[1];
  color->green = digits[2] * 16 + digits[3];
  color->blue = digits[4] * 16 + digits[5];
  return TRUE;
}

static gboolean
add_item (IrPalette *palette, char *item, GError **error)
{
  char *sign = strrchr (item, '=');
  IrColor color;

  if (!parse_color (g_strstrip (sign ? sign + 1 : item), &color))
    return ir_fail (error, IR_ERROR_PARSE,
        "palette: '%s' is neither #RRGGBB nor CLASS=#RRGGBB", item);
  if (sign) {
    *sign = 0;
    g_hash_table_insert (palette->named, g_strdup (g_strstrip (item)),
        g_memdup2 (&color, sizeof color));
  } else {
    g_array_append_val (palette->turn, color);
  }
  return TRUE;
}

IrPalette *
ir_palette_parse (const char *text, GError **error)
{
  IrPalette *palette = g_new (IrPalette, 1);
  g_auto (GStrv) items = g_strsplit (text ? text : "", ",", -1);

  palette->turn = g_array_new (FALSE, FALSE, sizeof (IrColor));
  palette->named =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; items[i]; i++) {
    if (*g_strstrip (items[i]) && !add_item (palette, items[i], error)) {
      ir_palette_free (palette);
      return NULL;
    }
  }
  if (palette->turn->len == 0)
    g_array_append_vals (palette->turn, built_in, G_N_ELEMENTS (built_in));
  return palette;
}

void
ir_palette_free (IrPalette *palette)
{
  g_array_unref (palette->turn);
  g_hash_table_unref (palette->named);
  g_free (palette);
}

IrColor
ir_palette_get (const IrPalette *palette, const char *label, gint label_id)
{
  const IrColor *own = g_hash_table_lookup (palette->named, label);
  guint index = label_id >= 0 ? (guint) label_id : g_str_hash (label);

  return own
      ? *own
      : g_array_index (palette->turn, IrColor, index % palette->turn->len);
}

IrColor
ir_color_text (IrColor color)
{
  guint light = 299 * color.red + 587 * color.green + 114 * color.blue;

  return light > 140 * 1000 ? (IrColor){ 0, 0, 0 } : (IrColor){ 255, 255, 255 };
}
