/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_PROPERTY_H
#define IR_PROPERTY_H

#include <gst/gst.h>

G_BEGIN_DECLS

/*
 * Properties as tables: an element says once what each property is and where
 * its value lives; installing, defaults, setting, getting and freeing follow.
 *
 * Values are read and written under the element's object lock.
 */

/** IrPropertyType: the type of the property and, in brackets, of the field. */
typedef enum {
  IR_PROPERTY_TEXT,      /* char *, owned by the element */
  IR_PROPERTY_BOOLEAN,   /* gboolean */
  IR_PROPERTY_INT,       /* gint */
  IR_PROPERTY_UINT,      /* guint */
  IR_PROPERTY_UINT64,    /* guint64, without limits */
  IR_PROPERTY_FLOAT,     /* float */
  IR_PROPERTY_DOUBLE,    /* double */
  IR_PROPERTY_ENUM,      /* an enum */
  IR_PROPERTY_FLAGS,     /* guint */
  IR_PROPERTY_STRUCTURE, /* none: read-only */
} IrPropertyType;

/**
 * IrProperty: a row
 * @blurb: with units, and what a special value means
 * @offset: of the field in the element's structure
 * @least: of numbers
 * @most: of numbers
 * @def: default of numbers, enums, flags
 * @text: (nullable): default of texts
 * @values: of enums and flags
 * @live: may be changed while PLAYING; otherwise a change is taken up at the
 *   next start
 * @mark: offset of a guint in which setting the property sets bit @bit, 0 for
 *   none; tells a value that was set from a default
 * @read: makes the value of a read-only property, which has no field; called
 *   without locks, in any state, from any thread
 * @describe: (transfer full): makes the blurb, if it is not constant
 */
typedef struct {
  const char *name;
  const char *nick;
  const char *blurb;
  IrPropertyType type;
  gsize offset;
  double least;
  double most;
  double def;
  const char *text;
  GType (*values) (void);
  gboolean live;
  gsize mark;
  guint bit;
  void (*read) (gpointer object, GValue *value);
  char *(*describe) (void);
} IrProperty;

/** IrPropertyChange: which properties were set since somebody looked. */
typedef enum {
  IR_CHANGED_LIVE = 1 << 0,
  IR_CHANGED_READY = 1 << 1,
} IrPropertyChange;

/**
 * IrPropertyTable:
 * @changed: offset of a guint that gets #IrPropertyChange bits set; cleared by
 *   the element, under the object lock
 */
typedef struct {
  const IrProperty *rows;
  guint n_rows;
  gsize changed;
} IrPropertyTable;

/** ir_properties_install: in class_init; @table lives as long as the class. */
void ir_properties_install (GObjectClass *klass, const IrPropertyTable *table);
/** ir_properties_init: in the instance's init: sets the defaults. */
void ir_properties_init (gpointer object, const IrPropertyTable *table);
/** ir_properties_clear: in finalize: frees the texts. */
void ir_properties_clear (gpointer object, const IrPropertyTable *table);

G_END_DECLS

#endif
