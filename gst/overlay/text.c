/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text.h"

#include <pango/pangocairo.h>

/* Masks that are kept; confidences make new words all the time. */
#define MOST_WORDS 512
/* Longer texts would only cover the picture. */
#define MOST_WIDTH 2048

struct _IrTextCache {
  PangoFontMap *fonts;
  GHashTable *words;
};

static void
coverage_free (gpointer data)
{
  IrCoverage *mask = data;

  g_free ((gpointer) mask->data);
  g_free (mask);
}

IrTextCache *
ir_text_cache_new (void)
{
  IrTextCache *cache = g_new (IrTextCache, 1);

  /* A font map of its own: the default one belongs to a thread. */
  cache->fonts = pango_cairo_font_map_new ();
  cache->words =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, coverage_free);
  return cache;
}

void
ir_text_cache_free (IrTextCache *cache)
{
  g_hash_table_unref (cache->words);
  g_object_unref (cache->fonts);
  g_free (cache);
}

static PangoLayout *
layout_new (IrTextCache *cache, const char *text, guint size)
{
  PangoContext *context = pango_font_map_create_context (cache->fonts);
  PangoLayout *layout = pango_layout_new (context);
  PangoFontDescription *font = pango_font_description_new ();

  pango_font_description_set_family_static (font, "sans-serif");
  pango_font_description_set_weight (font, PANGO_WEIGHT_SEMIBOLD);
  pango_font_description_set_absolute_size (font, 0.8 * size * PANGO_SCALE);
  pango_layout_set_font_description (layout, font);
  pango_layout_set_single_paragraph_mode (layout, TRUE);
  pango_layout_set_text (layout, text, -1);
  pango_font_description_free (font);
  g_object_unref (context);
  return layout;
}

static IrCoverage *
render (IrTextCache *cache, const char *text, guint size)
{
  PangoLayout *layout = layout_new (cache, text, size);
  cairo_surface_t *surface;
  IrCoverage *mask = NULL;
  gint width, height;
  cairo_t *cr;

  pango_layout_get_pixel_size (layout, &width, &height);
  width = CLAMP (width, 1, MOST_WIDTH);
  height = CLAMP (height, 1, MOST_WIDTH);
  surface = cairo_image_surface_create (CAIRO_FORMAT_A8, width, height);
  cr = cairo_create (surface);
  cairo_set_source_rgba (cr, 1, 1, 1, 1);
  pango_cairo_show_layout (cr, layout);
  cairo_surface_flush (surface);
  if (cairo_status (cr) == CAIRO_STATUS_SUCCESS &&
      cairo_surface_status (surface) == CAIRO_STATUS_SUCCESS) {
    gint stride = cairo_image_surface_get_stride (surface);

    mask = g_new (IrCoverage, 1);
    *mask = (IrCoverage){ width, height, stride,
      g_memdup2 (
          cairo_image_surface_get_data (surface), (gsize) stride * height) };
  }
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
  g_object_unref (layout);
  return mask;
}

const IrCoverage *
ir_text_get (IrTextCache *cache, const char *text, guint size)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autofree char *key = g_strdup_printf ("%u %s", size, valid);
  IrCoverage *mask = g_hash_table_lookup (cache->words, key);

  if (mask)
    return mask;
  if (*valid == 0)
    return NULL;
  mask = render (cache, valid, size);
  if (mask == NULL)
    return NULL;
  if (g_hash_table_size (cache->words) >= MOST_WORDS)
    g_hash_table_remove_all (cache->words);
  g_hash_table_insert (cache->words, g_steal_pointer (&key), mask);
  return mask;
}
