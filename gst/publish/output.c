/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

struct _IrOutputStream {
  char *name;
  gint fd;
};

static gboolean
fail_errno (GError **error, const char *name, const char *doing, gint saved)
{
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (saved),
      "%s: cannot %s: %s", name, doing, g_strerror (saved));
  return FALSE;
}

/* The path behind "file:". */
static char *
path_of (const char *uri, GError **error)
{
  char *path;

  if (g_str_has_prefix (uri, "file://"))
    return g_filename_from_uri (uri, NULL, error);
  path = g_uri_unescape_string (uri + strlen ("file:"), NULL);
  if (path == NULL || *path == 0) {
    ir_fail (error, IR_ERROR_PARSE,
        "uri '%s' has no path; write file:PATH or file:///PATH", uri);
    g_free (path);
    return NULL;
  }
  return path;
}

static gboolean
refuse (const char *uri, GError **error)
{
  g_autofree char *scheme = g_uri_parse_scheme (uri);

  if (scheme && strstr (uri, "://"))
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "uri '%s': %s is not supported by this build; file: and - are", uri,
        scheme);
  return ir_fail (error, IR_ERROR_PARSE,
      "uri '%s' is neither - nor file:PATH; for a file write file:%s", uri,
      uri);
}

IrOutputStream *
ir_output_open (const char *uri, GError **error)
{
  IrOutputStream *output;
  char *path;
  gint fd;

  if (g_str_equal (uri, "-")) {
    output = g_new (IrOutputStream, 1);
    output->name = g_strdup ("standard output");
    output->fd = STDOUT_FILENO;
    return output;
  }
  if (!g_str_has_prefix (uri, "file:")) {
    refuse (uri, error);
    return NULL;
  }
  path = path_of (uri, error);
  if (path == NULL)
    return NULL;
  fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) {
    fail_errno (error, path, "open for writing", errno);
    g_free (path);
    return NULL;
  }
  output = g_new (IrOutputStream, 1);
  output->name = path;
  output->fd = fd;
  return output;
}

gboolean
ir_output_write (IrOutputStream *output, const char *line, GError **error)
{
  g_autofree char *text = g_strconcat (line, "\n", NULL);
  gsize left = strlen (text);

  for (const char *at = text; left > 0;) {
    gssize done = write (output->fd, at, left);

    if (done >= 0) {
      at += done;
      left -= done;
    } else if (errno == EAGAIN) {
      struct pollfd wait = { output->fd, POLLOUT, 0 };

      poll (&wait, 1, -1);
    } else if (errno != EINTR) {
      return fail_errno (error, output->name, "write", errno);
    }
  }
  return TRUE;
}

gboolean
ir_output_close (IrOutputStream *output, GError **error)
{
  gboolean ok = output->fd == STDOUT_FILENO || close (output->fd) == 0;

  if (!ok)
    fail_errno (error, output->name, "finish writing", errno);
  g_free (output->name);
  g_free (output);
  return ok;
}
