/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "old.h"

#include <ir/xml.h>

#include <glib/gstdio.h>
#include <string.h>

#include "files.h"

#define PROBE_SIZE 512
#define FIRST_VERSION 10
#define LAST_VERSION 11

static gboolean
is_old (guint64 version)
{
  return version >= IR_OLD_FIRST_VERSION && version <= IR_OLD_LAST_VERSION;
}

static gboolean
read_version (const xmlNode *net, guint *version, GError **error)
{
  guint64 v;

  if (!ir_dom_is (net, "net"))
    return ir_dom_fail (net, error, IR_ERROR_PARSE,
        "the outermost element is <%s>; an IR has <net>",
        (const char *) net->name);
  if (!ir_dom_get_u64 (net, "version", &v, error))
    return FALSE;
  if (!is_old (v) && (v < FIRST_VERSION || v > LAST_VERSION))
    return ir_dom_fail (net, error, IR_ERROR_UNSUPPORTED,
        "IR version %" G_GUINT64_FORMAT
        " cannot be read, only %d to %d and %d to %d",
        v, IR_OLD_FIRST_VERSION, IR_OLD_LAST_VERSION, FIRST_VERSION,
        LAST_VERSION);
  *version = (guint) v;
  return TRUE;
}

static gboolean
fail_unknown (const IrReader *reader, GError **error)
{
  return ir_fail (error, IR_ERROR_UNSUPPORTED,
      "%s: ops that are not supported, in %u layer(s): %s%s", reader->label,
      reader->n_unknown, reader->unknown->str,
      reader->n_unknown > IR_MAX_UNKNOWN ? "; …" : "");
}

static gboolean
read_net (IrReader *reader, const xmlNode *net, IrGraph *graph, GError **error)
{
  g_autoptr (IrLayers) layers = NULL;
  const char *name = ir_dom_attr (net, "name");

  layers = ir_layers_scan (reader, net, 0, error);
  if (!layers)
    return FALSE;
  if (reader->n_unknown > 0)
    return fail_unknown (reader, error);
  ir_graph_set_name (graph, name ? name : "");
  if (!(is_old (reader->version)
              ? ir_old_build (reader, layers, net, graph, error)
              : ir_layers_build (reader, layers, graph, error)) ||
      !ir_read_meta (graph, net, error))
    return FALSE;
  if (graph->results->len == 0)
    return ir_dom_fail (
        net, error, IR_ERROR_PARSE, "the model has no Result layer");
  if (!ir_graph_infer (graph, error)) {
    g_prefix_error (error, "%s: ", reader->label);
    return FALSE;
  }
  return !is_old (reader->version) || ir_old_check (layers, error);
}

static IrGraph *
read_text (const char *xml, gsize xml_size, GBytes *weights, const char *label,
    const char *bin_name, GError **error)
{
  g_autoptr (GString) unknown = g_string_new (NULL);
  g_autoptr (IrGraph) graph = ir_graph_new (NULL);
  g_autoptr (xmlDoc) doc = NULL;
  const xmlNode *net;
  IrReader reader = { label, 0, bin_name, weights, unknown, 0, "" };

  doc = ir_dom_parse (xml, xml_size, label, error);
  if (!doc)
    return NULL;
  net = xmlDocGetRootElement (doc);
  if (!read_version (net, &reader.version, error))
    return NULL;
  g_snprintf (reader.old_opset, sizeof reader.old_opset, "v%u", reader.version);
  if (!read_net (&reader, net, graph, error))
    return NULL;
  return g_steal_pointer (&graph);
}

IrGraph *
ir_graph_read_memory (const char *xml, gsize xml_size, GBytes *weights,
    const char *label, GError **error)
{
  return read_text (xml, xml_size, weights, label, "weights", error);
}

IrGraph *
ir_graph_read (const char *xml_path, const char *bin_path, GError **error)
{
  g_autofree char *default_bin = ir_file_bin_path (xml_path);
  const char *bin = bin_path ? bin_path : default_bin;
  g_autoptr (GBytes) xml = NULL;
  g_autoptr (GBytes) weights = NULL;
  guint64 stamp[IR_FILE_STAMP] = { 0 };
  IrGraph *graph;
  const char *text;
  gsize size;

  xml = ir_file_map (xml_path, NULL, error);
  if (!xml)
    return NULL;
  if (bin_path || g_file_test (bin, G_FILE_TEST_EXISTS)) {
    weights = ir_file_map (bin, stamp, error);
    if (!weights)
      return NULL;
  }
  text = g_bytes_get_data (xml, &size);
  graph = read_text (text ? text : "", size, weights, xml_path, bin, error);
  if (graph && weights) {
    graph->mapping = g_steal_pointer (&weights);
    graph->mapping_path = g_canonicalize_filename (bin, NULL);
    memcpy (graph->mapping_stamp, stamp, sizeof stamp);
  }
  return graph;
}

#define BLANKS " \t\r\n\f\v"
#define DIGITS "0123456789"
#define MAX_DIGITS 4

/* The number in quotes behind "version" at @text; 0 if there is none. */
static guint
version_at (const char *text)
{
  const char *at = text + strlen ("version");
  gsize n;

  at += strspn (at, BLANKS);
  if (*at++ != '=')
    return 0;
  at += strspn (at, BLANKS);
  if (*at != '"' && *at != '\'')
    return 0;
  n = strspn (++at, DIGITS);
  if (n > MAX_DIGITS || (at[n] != '"' && at[n] != '\''))
    return 0;
  return (guint) g_ascii_strtoull (at, NULL, 10);
}

/* Of the attributes behind "<net". */
static guint
version_of_net (const char *text)
{
  g_autofree char *tag = g_strndup (text, strcspn (text, ">"));

  if (strspn (tag, BLANKS) == 0)
    return 0;
  for (const char *at = strstr (tag, "version"); at;
       at = strstr (at + 1, "version")) {
    const guint version =
        at > tag && strchr (BLANKS, at[-1]) ? version_at (at) : 0;

    if (version > 0)
      return version;
  }
  return 0;
}

gboolean
ir_probe_xml (const char *path, guint *version)
{
  char head[PROBE_SIZE + 1] = { 0 };
  guint found = 0;
  FILE *file;

  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return FALSE;
  file = g_fopen (path, "rb");
  if (!file)
    return FALSE;
  (void) !fread (head, 1, PROBE_SIZE, file);
  fclose (file);
  for (const char *at = strstr (head, "<net"); at && !found;
       at = strstr (at + 1, "<net"))
    found = version_of_net (at + strlen ("<net"));
  if (version && found)
    *version = found;
  return found > 0;
}
