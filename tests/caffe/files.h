/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TEST_CAFFE_FILES_H
#define TEST_CAFFE_FILES_H

#include "frontend.h"

#include "caffe.pb-c.h"

G_BEGIN_DECLS

/* A net as text, with the weights of one layer, "l", or without any. */
typedef struct {
  const char *text;
  Caffe__BlobProto *const *blobs;
  gsize n_blobs;
} TestNet;

/* (transfer full): the net, written into a folder of its own and read from there.
 * The folder is removed. */
IrSource *test_net_read (const TestNet *net, GError **error);

/* (transfer full): the same converted. */
IrGraph *test_net_convert (const TestNet *net, GError **error);

/* "type(bottom,bottom)->top,top; ..." (transfer full) */
char *test_source_print (const IrSource *source);

G_END_DECLS

#endif
