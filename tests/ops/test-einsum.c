/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Expected numbers are those of NumPy's einsum (). */
#include "op-test.h"

#define A() op_tensor (F32, "2,3", 1, 2, 3, 4, 5, 6)
#define B() op_tensor (F32, "3,2", 1, -1, 0, 2, 3, 1)
#define SQUARE() op_tensor (I32, "2,2", 1, 2, 3, 4)

static void
test_products (void)
{
  op_check ("Einsum-7", "equation=ij,jk->ik", OP_LIST (A (), B ()),
      OP_LIST (op_tensor (F32, "2,2", 10, 6, 22, 12)));
  op_check ("Einsum-7", "equation=ij,jk", OP_LIST (A (), B ()),
      OP_LIST (op_tensor (F32, "2,2", 10, 6, 22, 12)));
  op_check ("Einsum-7", "equation=ij,ji->", OP_LIST (A (), B ()),
      OP_LIST (op_tensor (F32, "", 22)));
  op_check ("Einsum-7", "equation=i,j->ji",
      OP_LIST (op_tensor (I8, "2", 2, -3), op_tensor (I8, "3", 1, 50, -1)),
      OP_LIST (op_tensor (I8, "3,2", 2, -3, 100, 106, -2, 3)));
  op_check ("Einsum-7", "equation=ij,j,->i",
      OP_LIST (A (), op_tensor (F32, "3", 1, 0, 2), op_tensor (F32, "", 0.5)),
      OP_LIST (op_tensor (F32, "2", 3.5, 8)));
}

static void
test_rearranged (void)
{
  op_check ("Einsum-7", "equation=bA", OP_LIST (A ()),
      OP_LIST (op_tensor (F32, "3,2", 1, 4, 2, 5, 3, 6)));
  op_check ("Einsum-7", "equation=ij->j", OP_LIST (A ()),
      OP_LIST (op_tensor (F32, "3", 5, 7, 9)));
  op_check ("Einsum-7", "equation=ii->i", OP_LIST (SQUARE ()),
      OP_LIST (op_tensor (I32, "2", 1, 4)));
  op_check ("Einsum-7", "equation=ii", OP_LIST (SQUARE ()),
      OP_LIST (op_tensor (I32, "", 5)));
  op_check ("Einsum-7", "equation=", OP_LIST (op_tensor (F32, "", 3)),
      OP_LIST (op_tensor (F32, "", 3)));
}

static void
test_ellipses (void)
{
  op_check ("Einsum-7", "equation=...i->i...", OP_LIST (A ()),
      OP_LIST (op_tensor (F32, "3,2", 1, 4, 2, 5, 3, 6)));
  op_check ("Einsum-7", "equation=...i->i", OP_LIST (A ()),
      OP_LIST (op_tensor (F32, "3", 5, 7, 9)));
  op_check ("Einsum-7", "equation=i...,...->i...",
      OP_LIST (A (), op_tensor (F32, "2,1", 1, 10)),
      OP_LIST (
          op_tensor (F32, "2,2,3", 1, 2, 3, 10, 20, 30, 4, 5, 6, 40, 50, 60)));
  op_check_shape ("Einsum-7", "equation=...ij,...jk->...ik", "f32[5,4,?,3]",
      "f32 5,1,?,2", "f32 4,2,3", NULL);
  op_check_shape ("Einsum-7", "equation=...ij,jk->...ik", "f32[...]", "f32 ...",
      "f32 2,3", NULL);
  op_check_shape (
      "Einsum-7", "equation=ij,jk->ik", "f32[?,3]", "f32 ...", "f32 2,3", NULL);
}

static void
test_empty (void)
{
  op_check ("Einsum-7", "equation=ij,k->k",
      OP_LIST (
          op_tensor_empty (IR_DTYPE_F32, "2,0"), op_tensor (F32, "2", 1, 2)),
      OP_LIST (op_tensor (F32, "2", 0, 0)));
}

static void
reject (const char *equation, IrErrorCode code)
{
  g_autofree char *attrs = g_strconcat ("equation=", equation, NULL);

  op_reject ("Einsum-7", attrs, OP_LIST (A (), B ()), code);
}

static void
test_refused (void)
{
  static const char *const junk[] = { "ij,jk->ikl", "ij,jk->ii", "ij,j1->i",
    "ij,jk->i->k", "ij,..jk->i", "ij,...j...->i", "ij->i", "ij,jk,kl->i",
    "ij jk->ik", "ij,jk-ik", "ij,jk>ik", "ij,jk->ik,", "->", "" };

  for (gsize i = 0; i < G_N_ELEMENTS (junk); i++)
    reject (junk[i], IR_ERROR_PARSE);
  reject ("ij,jkl->ik", IR_ERROR_SHAPE);
  reject ("ij,ijk...->ik", IR_ERROR_SHAPE);
  reject ("ij,ik->ik", IR_ERROR_SHAPE);
  reject ("ij,kk->ik", IR_ERROR_SHAPE);
  reject ("abcdefghi,jk->", IR_ERROR_LIMIT);
  op_check_shape ("Einsum-7", "equation=abcde,fghij", NULL, "f32 1,1,1,1,1",
      "f32 1,1,1,1,1", NULL);
  op_check_shape (
      "Einsum-7", "equation=ij,jk->ik", NULL, "f32 2,3", "i32 3,2", NULL);
  op_check_shape ("Einsum-7", "equation=ij->i", NULL, "boolean 2,3", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/einsum/products", test_products);
  g_test_add_func ("/ops/einsum/rearranged", test_rearranged);
  g_test_add_func ("/ops/einsum/ellipses", test_ellipses);
  g_test_add_func ("/ops/einsum/empty", test_empty);
  g_test_add_func ("/ops/einsum/refused", test_refused);
  return g_test_run ();
}
