/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where the packed weights of a model are kept between processes, and whether what is
 * found there is what this one would make. */
#include "cpu.h"

#include <link.h>
#include <string.h>

#define CACHE_KEY "CACHE_DIR"

/* Keys that weights do not depend on; PRECISION shows in the kernels that it chose. */
static const char *const other_keys[] = { "THREADS", "STREAMS", "PRECISION",
  CACHE_KEY, NULL };

/* --- which build ----------------------------------------------------------- */

typedef struct {
  guintptr inside;
  GChecksum *sum;
} Build;

/* The notes of the module that a function is in: the linker's sum of it all is among
 * them. */
static int
add_notes (struct dl_phdr_info *info, size_t size, void *data)
{
  const Build *build = data;
  gboolean found = FALSE;

  for (guint i = 0; i < info->dlpi_phnum; i++) {
    const guintptr first = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

    found |= info->dlpi_phdr[i].p_type == PT_LOAD && build->inside >= first &&
        build->inside - first < info->dlpi_phdr[i].p_memsz;
  }
  for (guint i = 0; found && i < info->dlpi_phnum; i++)
    if (info->dlpi_phdr[i].p_type == PT_NOTE)
      g_checksum_update (build->sum,
          (const guchar *) (info->dlpi_addr + info->dlpi_phdr[i].p_vaddr),
          info->dlpi_phdr[i].p_memsz);
  return found;
}

static void
add_text (GChecksum *sum, const char *text)
{
  g_checksum_update (sum, (const guchar *) text, strlen (text) + 1);
}

static void
set_digest (GChecksum *sum, char digest[CPU_DIGEST])
{
  memcpy (digest, g_checksum_get_string (sum), CPU_DIGEST);
}

static void
find_maker (char digest[CPU_DIGEST])
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  Build build = { (guintptr) find_maker, sum };

  add_text (sum, IR_VERSION);
  dl_iterate_phdr (add_notes, &build);
  set_digest (sum, digest);
}

/* --- which model ----------------------------------------------------------- */

/* Whatever decides how weights are packed. */
static char *
describe_kernels (const CpuModel *model)
{
  return g_strdup_printf (
      "cpu %x: igemm %s %u %u, dwconv %s, winograd %s, bgemm %s",
      ir_cpu_flags (), model->igemm->name, model->igemm->mr, model->igemm->nr,
      model->dwconv->name, model->winograd ? model->winograd->name : "none",
      model->bgemm ? model->bgemm->name : "none");
}

static void
add_config (GChecksum *sum, GHashTable *config)
{
  GList *keys =
      g_list_sort (g_hash_table_get_keys (config), (GCompareFunc) strcmp);

  for (const GList *l = keys; l; l = l->next)
    if (!g_strv_contains (other_keys, l->data)) {
      add_text (sum, l->data);
      add_text (sum, g_hash_table_lookup (config, l->data));
    }
  g_list_free (keys);
}

static void
find_key (const CpuModel *model, GHashTable *config, CpuStoreKey *key)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *place = NULL, *contents = NULL;
  g_autofree char *kernels = describe_kernels (model);

  ir_graph_identify (model->graph, &place, &contents);
  add_text (sum, place);
  add_text (sum, kernels);
  add_config (sum, config);
  set_digest (sum, key->place);
  memcpy (key->contents, contents, sizeof key->contents);
  find_maker (key->maker);
}

/* The model's name is for people who look into the folder. */
static char *
find_path (const CpuModel *model, const char *folder, const CpuStoreKey *key)
{
  const char *given = model->graph->name;
  g_autofree char *name = g_strndup (*given ? given : "model", 64);
  g_autofree char *file = NULL;

  g_strcanon (name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_", '_');
  file = g_strdup_printf ("%s-%.24s.cpu", name, key->place);
  return g_build_filename (folder, file, NULL);
}

/* --- what compiling calls -------------------------------------------------- */

static void
warn (CpuModel *model, GError *error)
{
  if (error)
    cpu_warn (model, error->message);
  g_clear_error (&error);
}

void
cpu_cache_load (CpuModel *model, GHashTable *config)
{
  const char *given = g_hash_table_lookup (config, CACHE_KEY);
  g_autofree char *folder = NULL;
  GError *error = NULL;

  if (!given || !*given)
    return;
  folder = ir_core_cache_dir (g_str_equal (given, "auto") ? NULL : given);
  find_key (model, config, &model->cache_key);
  model->cache_path = find_path (model, folder, &model->cache_key);
  cpu_store_load (model->store, model->cache_path, &model->cache_key, &error);
  warn (model, error);
}

void
cpu_cache_save (CpuModel *model)
{
  GError *error = NULL;

  if (!model->cache_path || !cpu_store_has_grown (model->store))
    return;
  cpu_store_save (model->store, model->cache_path, &model->cache_key, &error);
  warn (model, error);
}
