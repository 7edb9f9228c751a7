/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decoder.h"

#include <string.h>

/* clang-format off */
#define X(id, name, aliases, nms, labels, points, reads, summary)             \
  { name, aliases, nms, labels, points, reads, summary, ir_match_##id,        \
    ir_decode_##id },
static const IrDecoder decoders[] = {
#include "decoders.inc"
};
#undef X
/* clang-format on */

/* NMS threshold of decoders that don't bring one. */
#define DEFAULT_NMS 0.45f

const IrDecoder *
ir_decoder_get (guint index)
{
  return index < G_N_ELEMENTS (decoders) ? &decoders[index] : NULL;
}

const char *
ir_decoder_name (const IrDecoder *decoder)
{
  return decoder->name;
}

const char *
ir_decoder_summary (const IrDecoder *decoder)
{
  return decoder->summary;
}

const char *
ir_decoder_reads (const IrDecoder *decoder)
{
  return decoder->reads;
}

const char *
ir_decoder_labels (const IrDecoder *decoder)
{
  return decoder->labels;
}

const char *
ir_decoder_points (const IrDecoder *decoder)
{
  return decoder->points;
}

char *
ir_decoder_list (void)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (decoders); i++)
    g_string_append_printf (text, "%s%s", i ? ", " : "", decoders[i].name);
  return g_string_free (text, FALSE);
}

/* Compares up to a blank or the end of @word; '-' and '_' don't count. */
static gboolean
same_word (const char *name, const char *word)
{
  for (;;) {
    while (*name == '-' || *name == '_')
      name++;
    while (*word == '-' || *word == '_')
      word++;
    if (*name == 0 || *word == 0 || *word == ' ')
      return *name == 0 && (*word == 0 || *word == ' ');
    if (g_ascii_tolower (*name++) != g_ascii_tolower (*word++))
      return FALSE;
  }
}

static gboolean
answers_to (const IrDecoder *decoder, const char *name)
{
  if (same_word (name, decoder->name))
    return TRUE;
  for (const char *word = decoder->aliases; word && *word;) {
    if (same_word (name, word))
      return TRUE;
    word = strchr (word, ' ');
    word += word != NULL;
  }
  return FALSE;
}

const IrDecoder *
ir_decoder_find (const char *name, GError **error)
{
  g_autofree char *list = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (decoders); i++) {
    if (answers_to (&decoders[i], name))
      return &decoders[i];
  }
  list = ir_decoder_list ();
  ir_fail (error, IR_ERROR_NOT_FOUND,
      "no decoder is called '%s'; there are: %s", name, list);
  return NULL;
}

char *
ir_outputs_describe (const IrOutput *outputs, gsize n)
{
  GString *text = g_string_new (NULL);
  char shape[IR_SHAPE_TEXT];

  for (gsize i = 0; i < n; i++) {
    g_string_append_printf (text, "%s'%s' %s%s", i ? ", " : "",
        outputs[i].name ? outputs[i].name : "",
        ir_dtype_name (outputs[i].tensor->dtype),
        ir_shape_print (&outputs[i].tensor->shape, shape));
  }
  return g_string_free (text, FALSE);
}

static gboolean
ports_init (IrPorts *ports, const IrOutput *outputs, gsize n, GError **error)
{
  if (n == 0 || n > IR_MAX_OUTPUTS)
    return ir_fail (error, IR_ERROR_LIMIT,
        "a network with %" G_GSIZE_FORMAT " outputs; 1 to %d can be decoded", n,
        IR_MAX_OUTPUTS);
  ports->n = n;
  for (gsize i = 0; i < n; i++) {
    ports->port[i] = (IrPort){ outputs[i].name ? outputs[i].name : "",
      outputs[i].tensor->dtype, outputs[i].tensor->shape, NULL };
  }
  return TRUE;
}

/* Names of those that fit as well as @best does. */
static char *
fitting (const IrPorts *ports, const IrDecodeParams *params, IrFit best,
    guint *count)
{
  GString *names = g_string_new (NULL);
  IrRoles roles;

  *count = 0;
  for (guint i = 0; i < G_N_ELEMENTS (decoders); i++) {
    if (decoders[i].match (ports, params, &roles) == best)
      g_string_append_printf (
          names, "%s%s", (*count)++ ? ", " : "", decoders[i].name);
  }
  return g_string_free (names, FALSE);
}

const IrDecoder *
ir_decoder_choose (const IrOutput *outputs, gsize n,
    const IrDecodeParams *params, GError **error)
{
  g_autofree IrPorts *ports = g_new (IrPorts, 1);
  const IrDecoder *chosen = NULL;
  IrFit best = IR_FIT_NONE;
  IrRoles roles;
  g_autofree char *names = NULL;
  g_autofree char *seen = NULL;
  guint count = 0;

  if (!ports_init (ports, outputs, n, error))
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (decoders); i++) {
    IrFit fit = decoders[i].match (ports, params, &roles);

    if (fit > best) {
      best = fit;
      chosen = &decoders[i];
    }
  }
  if (chosen != NULL) {
    names = fitting (ports, params, best, &count);
    if (count == 1)
      return chosen;
  }
  seen = ir_outputs_describe (outputs, n);
  if (chosen != NULL) {
    ir_fail (error, IR_ERROR_UNSUPPORTED,
        "more than one decoder fits the outputs %s of a network with the input "
        "%ux%u: %s; set `decoder` to one of them, or give the class names with "
        "`labels`",
        seen, params->width, params->height, names);
  } else {
    g_autofree char *list = ir_decoder_list ();

    ir_fail (error, IR_ERROR_UNSUPPORTED,
        "no decoder fits the outputs %s of a network with the input %ux%u; set "
        "`decoder` (one of %s) or `description`, or choose outputs in front "
        "with `output`",
        seen, params->width, params->height, list);
  }
  return NULL;
}

/* Everything as f32 in memory that may be read as such. */
static IrTensor *
as_floats (IrTensor *tensor, GError **error)
{
  if (tensor->dtype != IR_DTYPE_F32)
    return ir_tensor_convert (tensor, IR_DTYPE_F32, error);
  if ((guintptr) tensor->data % sizeof (float) != 0)
    return ir_tensor_copy (tensor, error);
  return ir_tensor_ref (tensor);
}

/* Best first; NMS and limit are the last step of every decoder. Scores tie once
 * they reach 1.0f. The sort is stable: of equals, the one that the network has
 * first stays first, as with OpenCV's NMSBoxes(). */
static gint
by_confidence (gconstpointer a, gconstpointer b)
{
  const IrDetection *x = a, *y = b;

  return (x->confidence < y->confidence) - (x->confidence > y->confidence);
}

static float
nms_of (const IrDecoder *decoder, const IrDecodeParams *params)
{
  if (!isnan (params->nms_threshold))
    return params->nms_threshold;
  return isnan (decoder->nms_threshold) ? DEFAULT_NMS : decoder->nms_threshold;
}

static gboolean
decode (const IrDecoder *decoder, const IrPorts *ports, const IrRoles *roles,
    const IrDecodeParams *params, IrDetections *out, GError **error)
{
  if (!decoder->decode (ports, roles, params, out, error))
    return FALSE;
  g_array_sort (out->objects, by_confidence);
  if (out->suppress)
    ir_detections_nms (out, nms_of (decoder, params));
  if (params->max_objects > 0 && out->objects->len > params->max_objects)
    g_array_set_size (out->objects, params->max_objects);
  return TRUE;
}

IrDetections *
ir_decoder_run (const IrDecoder *decoder, const IrOutput *outputs, gsize n,
    const IrDecodeParams *params, GError **error)
{
  g_autofree IrPorts *ports = g_new (IrPorts, 1);
  g_autoptr (IrDetections) out = NULL;
  IrTensor *floats[IR_MAX_OUTPUTS] = { NULL };
  gboolean ok = TRUE;
  IrRoles roles;

  if (!ports_init (ports, outputs, n, error))
    return NULL;
  if (decoder->match (ports, params, &roles) == IR_FIT_NONE &&
      decoder->decode != ir_decode_raw) {
    g_autofree char *seen = ir_outputs_describe (outputs, n);

    ir_fail (error, IR_ERROR_SHAPE,
        "decoder '%s' reads %s; the network (input %ux%u) has %s",
        decoder->name, decoder->reads, params->width, params->height, seen);
    return NULL;
  }
  for (guint i = 0; ok && i < n && decoder->decode != ir_decode_raw; i++) {
    floats[i] = as_floats (outputs[i].tensor, error);
    ok = floats[i] != NULL;
    if (ok)
      ports->port[i].data = floats[i]->data;
  }
  if (ok) {
    out = ir_detections_new ();
    ok = decode (decoder, ports, &roles, params, out, error);
  }
  for (guint i = 0; i < n; i++)
    g_clear_pointer (&floats[i], ir_tensor_unref);
  return ok ? g_steal_pointer (&out) : NULL;
}
