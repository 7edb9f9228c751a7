/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints the table of ops as Markdown, from their descriptors. */
#include <stdio.h>
#include <ir/op.h>

static void
print_count (guint least, guint most)
{
  if (most == IR_VARIADIC)
    printf (" %u… |", least);
  else if (most == least)
    printf (" %u |", least);
  else
    printf (" %u-%u |", least, most);
}

static void
print_attrs (const IrOpDesc *op)
{
  const char *comma = "";

  printf (" ");
  for (const IrAttrDesc *attr = op->attrs; attr != NULL && attr->name != NULL;
       attr++) {
    printf ("%s%s", comma, attr->name);
    if (attr->def != NULL)
      printf ("=%s", *attr->def != '\0' ? attr->def : "[]");
    comma = ", ";
  }
  printf (" |");
}

int
main (void)
{
  gsize n;
  const IrOpDesc *const *ops = ir_op_list (&n);

  printf ("# Operations\n\n%" G_GSIZE_FORMAT " forms. An attribute without a "
          "default is required.\n\n",
      n);
  printf ("| op | since | inputs | outputs | attributes | what |\n"
          "|---|---|---|---|---|---|\n");
  for (gsize i = 0; i < n; i++) {
    printf ("| %s | opset%u |", ops[i]->type, ops[i]->opset);
    print_count (ops[i]->min_inputs, ops[i]->max_inputs);
    if (ops[i]->n_outputs == IR_VARIADIC)
      printf (" any |");
    else
      printf (" %u |", ops[i]->n_outputs);
    print_attrs (ops[i]);
    printf (" %s |\n", ops[i]->summary != NULL ? ops[i]->summary : "");
  }
  return 0;
}
