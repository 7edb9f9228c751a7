/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Expected numbers are NumPy's: data[indices] = updates. */
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/scatter/update", test_scatter_update);
  g_test_add_func ("/ops/scatter/nd-update", test_scatter_nd_update);
  return g_test_run ();
}
