/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Expected numbers are NumPy's: data[indices] = updates, and add.at () and its
 * like where updates are joined. */
#include "op-test.h"

static void
test_scatter_update (void)
{
  op_check ("ScatterUpdate-3", "",
      OP_LIST (op_tensor (F32, "2,3", 0, 1, 2, 3, 4, 5),
          op_tensor (I32, "2", -1, 0), op_tensor (F32, "2,2", 6, 7, 8, 9),
          op_tensor (I64, "", 1)),
      OP_LIST (op_tensor (F32, "2,3", 7, 1, 6, 9, 4, 8)));
  op_reject ("ScatterUpdate-3", "",
      OP_LIST (op_tensor (F32, "2", 0, 1), op_tensor (I32, "1", 2),
          op_tensor (F32, "1", 6), op_tensor (I64, "", 0)),
      IR_ERROR_SHAPE);
  op_check_shape (
      "ScatterUpdate-3", "", NULL, "f32 2,3", "i64 2", "f32 2,3", "=1", NULL);
}

static void
test_scatter_nd_update (void)
{
  op_check ("ScatterNDUpdate-4", "",
      OP_LIST (op_tensor (F32, "2,3", 0, 1, 2, 3, 4, 5),
          op_tensor (I32, "2,2", 1, 2, 0, 0), op_tensor (F32, "2", 6, 7)),
      OP_LIST (op_tensor (F32, "2,3", 7, 1, 2, 3, 4, 6)));
  op_reject ("ScatterNDUpdate-4", "",
      OP_LIST (op_tensor (F32, "2", 0, 1), op_tensor (I32, "1,1", 2),
          op_tensor (F32, "1", 6)),
      IR_ERROR_SHAPE);
  op_check_shape ("ScatterNDUpdate-4", "", "f32[?,3]", "f32 ?,3", "i64 4,1",
      "f32 4,3", NULL);
}

/* Row 1 gets two updates, row 0 none. */
static void
check_nd (const char *reduction, double x, double y)
{
  g_autofree char *attrs = g_strconcat ("reduction=", reduction, NULL);

  op_check ("ScatterNDUpdate-15", attrs,
      OP_LIST (op_tensor (I32, "2,2", 5, 6, 7, -8),
          op_tensor (I64, "2,1", 1, -1), op_tensor (I32, "2,2", 2, 3, 4, 5)),
      OP_LIST (op_tensor (I32, "2,2", 5, 6, x, y)));
}

static void
test_scatter_nd_reductions (void)
{
  check_nd ("none", 4, 5);
  check_nd ("sum", 13, 0);
  check_nd ("sub", 1, -16);
  check_nd ("prod", 56, -120);
  check_nd ("min", 2, -8);
  check_nd ("max", 7, 5);
  op_check ("ScatterNDUpdate-15", "reduction=sum",
      OP_LIST (op_tensor (U8, "2", 250, 1), op_tensor (I64, "1,1", 0),
          op_tensor (U8, "1", 7)),
      OP_LIST (op_tensor (U8, "2", 1, 1)));
  op_check ("ScatterNDUpdate-15", "reduction=prod",
      OP_LIST (op_tensor (BOOLEAN, "2", 1, 1), op_tensor (I64, "1,1", 0),
          op_tensor (BOOLEAN, "1", 0)),
      OP_LIST (op_tensor (BOOLEAN, "2", 0, 1)));
  op_check_shape ("ScatterNDUpdate-15", "reduction=mean", NULL, "f32 2",
      "i64 1,1", "f32 1", NULL);
  op_check_shape ("ScatterNDUpdate-15", "reduction=sub", NULL, "boolean 2",
      "i64 1,1", "boolean 1", NULL);
}

static void
test_scatter_elements (void)
{
  op_check ("ScatterElementsUpdate-3", "",
      OP_LIST (op_tensor (F16, "2,3", 0, 1, 2, 3, 4, 5),
          op_tensor (I32, "1,2", -1, 0), op_tensor (F16, "1,2", 6, 7),
          op_tensor (I64, "", 1)),
      OP_LIST (op_tensor (F16, "2,3", 7, 1, 6, 3, 4, 5)));
  op_check ("ScatterElementsUpdate-3", "",
      OP_LIST (op_tensor (I64, "2,3", 0, 1, 2, 3, 4, 5),
          op_tensor (I64, "2,2", 1, 0, 1, 1),
          op_tensor (I64, "2,2", 6, 7, 8, 9), op_tensor (I64, "1", -2)),
      OP_LIST (op_tensor (I64, "2,3", 0, 7, 2, 8, 9, 5)));
  op_check ("ScatterElementsUpdate-3", "",
      OP_LIST (op_tensor (F32, "2", 1, 2), op_tensor_empty (IR_DTYPE_I64, "0"),
          op_tensor_empty (IR_DTYPE_F32, "0"), op_tensor (I64, "", 0)),
      OP_LIST (op_tensor (F32, "2", 1, 2)));
}

static void
test_scatter_elements_refused (void)
{
  op_reject ("ScatterElementsUpdate-3", "",
      OP_LIST (op_tensor (F32, "2", 0, 1), op_tensor (I32, "1", 2),
          op_tensor (F32, "1", 6), op_tensor (I64, "", 0)),
      IR_ERROR_SHAPE);
  op_reject ("ScatterElementsUpdate-3", "",
      OP_LIST (op_tensor (F32, "2", 0, 1), op_tensor (I32, "1", -3),
          op_tensor (F32, "1", 6), op_tensor (I64, "", 0)),
      IR_ERROR_SHAPE);
  op_check_shape ("ScatterElementsUpdate-3", "", "f32[?,3]", "f32 ?,3",
      "i64 2,?", "f32 2,1", "=1", NULL);
  op_check_shape ("ScatterElementsUpdate-3", "", NULL, "f32 2,3", "i64 3,1",
      "f32 3,1", "=1", NULL);
  op_check_shape ("ScatterElementsUpdate-3", "", NULL, "f32 2,3", "i64 2,1",
      "f32 2,2", "=1", NULL);
  op_check_shape ("ScatterElementsUpdate-3", "", NULL, "f32 2,3", "i64 2",
      "f32 2", "=1", NULL);
  op_check_shape ("ScatterElementsUpdate-3", "", NULL, "f32 2,3", "i64 2,1",
      "f32 2,1", "=2", NULL);
  op_check_shape ("ScatterElementsUpdate-12", "reduction=sub", NULL, "f32 2",
      "i64 1", "f32 1", "=0", NULL);
}

/* Of [5, 6, -7] the last two get updates: 6 gets 3 and 4, -7 gets -1. */
static void
check_elements (const char *attrs, double x, double y)
{
  op_check ("ScatterElementsUpdate-12", attrs,
      OP_LIST (op_tensor (F32, "3", 5, 6, -7), op_tensor (I64, "3", 1, 2, 1),
          op_tensor (F32, "3", 3, -1, 4), op_tensor (I64, "", 0)),
      OP_LIST (op_tensor (F32, "3", 5, x, y)));
}

static void
test_scatter_elements_reductions (void)
{
  check_elements ("reduction=none", 4, -1);
  check_elements ("reduction=sum", 13, -8);
  check_elements ("reduction=prod", 72, 7);
  check_elements ("reduction=min", 3, -7);
  check_elements ("reduction=max", 6, -1);
  check_elements ("reduction=mean", 13.0 / 3, -4);
  check_elements ("reduction=sum;use_init_val=false", 7, -1);
  check_elements ("reduction=prod;use_init_val=false", 12, -1);
  check_elements ("reduction=min;use_init_val=false", 3, -1);
  check_elements ("reduction=max;use_init_val=false", 4, -1);
  check_elements ("reduction=mean;use_init_val=false", 3.5, -1);
  op_check ("ScatterElementsUpdate-12", "reduction=mean",
      OP_LIST (op_tensor (I32, "2", -4, 9), op_tensor (I64, "2", 0, 0),
          op_tensor (I32, "2", -2, -1), op_tensor (I64, "", 0)),
      OP_LIST (op_tensor (I32, "2", -2, 9)));
}

static void
test_one_hot (void)
{
  op_check ("OneHot-1", "axis=-1",
      OP_LIST (op_tensor (I32, "3", 1, 5, -1), op_tensor (I64, "", 2),
          op_tensor (F32, "", 7), op_tensor (F32, "", 3)),
      OP_LIST (op_tensor (F32, "3,2", 3, 7, 3, 3, 3, 3)));
  op_check ("OneHot-1", "axis=0",
      OP_LIST (op_tensor (I64, "2,2", 0, 1, 2, 0), op_tensor (I64, "1", 3),
          op_tensor (BOOLEAN, "", 1), op_tensor (BOOLEAN, "", 0)),
      OP_LIST (
          op_tensor (BOOLEAN, "3,2,2", 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0)));
  op_check ("OneHot-1", "axis=0",
      OP_LIST (op_tensor (I64, "", 1), op_tensor (I64, "", 2),
          op_tensor (I8, "1", 9), op_tensor (I8, "1", 4)),
      OP_LIST (op_tensor (I8, "2", 4, 9)));
  op_check_shape ("OneHot-1", "axis=1", "f16[?,4,3]", "i64 ?,3", "=4", "f16 ",
      "f16 ", NULL);
  op_check_shape ("OneHot-1", "axis=1", "f16[?,?,3]", "i64 ?,3", "i64 ", "f16 ",
      "dynamic ...", NULL);
}

static void
test_one_hot_refused (void)
{
  op_check_shape (
      "OneHot-1", "axis=3", NULL, "i64 2,3", "=4", "f16 ", "f16 ", NULL);
  op_check_shape (
      "OneHot-1", "axis=0", NULL, "i64 2,3", "=-4", "f16 ", "f16 ", NULL);
  op_check_shape (
      "OneHot-1", "axis=0", NULL, "f32 2,3", "=4", "f16 ", "f16 ", NULL);
  op_check_shape (
      "OneHot-1", "axis=0", NULL, "i64 2,3", "=4", "f16 ", "f32 ", NULL);
  op_check_shape (
      "OneHot-1", "axis=0", NULL, "i64 2,3", "=4", "f16 2", "f16 ", NULL);
  op_check_shape ("OneHot-1", "axis=0", NULL, "i64 1,1,1,1,1,1,1,1", "=4",
      "f16 ", "f16 ", NULL);
  op_reject ("OneHot-1", "axis=0",
      OP_LIST (op_tensor (I64, "3", 0, 1, 2),
          op_tensor (I64, "", 1099511627776.0), op_tensor (F32, "", 1),
          op_tensor (F32, "", 0)),
      IR_ERROR_LIMIT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/scatter/update", test_scatter_update);
  g_test_add_func ("/ops/scatter/nd-update", test_scatter_nd_update);
  g_test_add_func ("/ops/scatter/nd-reductions", test_scatter_nd_reductions);
  g_test_add_func ("/ops/scatter/elements", test_scatter_elements);
  g_test_add_func (
      "/ops/scatter/elements-refused", test_scatter_elements_refused);
  g_test_add_func (
      "/ops/scatter/elements-reductions", test_scatter_elements_reductions);
  g_test_add_func ("/ops/scatter/one-hot", test_one_hot);
  g_test_add_func ("/ops/scatter/one-hot-refused", test_one_hot_refused);
  return g_test_run ();
}
