/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_OBJECT_CACHE_H
#define IR_OBJECT_CACHE_H

#include <ir/tensor.h>

G_BEGIN_DECLS

/**
 * IrObjectCache: what the network said about tracked objects, by the tracker's
 * number, so that it need not be asked in every frame
 *
 * Asked in the order in which frames come, told in the order in which they
 * leave: an object that is not due in a frame has had an earlier frame's outputs
 * stored by the time the frame leaves. Not for several threads at once.
 */
typedef struct _IrObjectCache IrObjectCache;

/** ir_object_cache_new: (transfer full): @n_outputs: of the network. */
IrObjectCache *ir_object_cache_new (gsize n_outputs);
/** ir_object_cache_free: */
void ir_object_cache_free (IrObjectCache *cache);
/** ir_object_cache_clear: forgets all objects. */
void ir_object_cache_clear (IrObjectCache *cache);

/**
 * ir_object_cache_ask:
 * @id: of the object, -1 if it has none
 * @frame: number of the frame
 * @every: after how many frames an object is due again, 0 for never
 *
 * Returns: whether the object is due in this frame, which is remembered then
 */
gboolean ir_object_cache_ask (
    IrObjectCache *cache, gint64 id, guint64 frame, guint every);

/** ir_object_cache_store: remembers @outputs, references are taken; does nothing
 * for an object that was not asked for. */
void ir_object_cache_store (
    IrObjectCache *cache, gint64 id, IrTensor *const *outputs);
/** ir_object_cache_find: (transfer none) (nullable) (array): the object's last
 * outputs. */
IrTensor *const *ir_object_cache_find (IrObjectCache *cache, gint64 id);

G_END_DECLS

#endif
