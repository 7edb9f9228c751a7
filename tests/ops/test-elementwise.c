/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "op-test.h"

static void
test_broadcast (void)
{
  op_check ("Add-1", "",
      OP_LIST (op_tensor (F32, "2,1", 1, 2), op_tensor (F32, "3", 10, 20, 30)),
      OP_LIST (op_tensor (F32, "2,3", 11, 21, 31, 12, 22, 32)));
  op_check ("Subtract-1", "auto_broadcast=pdpd",
      OP_LIST (op_tensor (I32, "2,2", 1, 2, 3, 4), op_tensor (I32, "2", 1, 2)),
      OP_LIST (op_tensor (I32, "2,2", 0, 0, 2, 2)));
  op_reject ("Add-1", "auto_broadcast=pdpd",
      OP_LIST (op_tensor (F32, "1", 1), op_tensor (F32, "2", 1, 2)),
      IR_ERROR_SHAPE);
  op_reject ("Add-1", "auto_broadcast=none",
      OP_LIST (op_tensor (F32, "1", 1), op_tensor (F32, "2", 1, 2)),
      IR_ERROR_SHAPE);
  op_check_shape ("Add-1", "", "f32[?,3]", "f32 ?,1", "f32 3", NULL);
  op_check_shape ("Less-1", "", "boolean[...]", "f32 ...", "f32 3", NULL);
}

/* f64 is computed as it is: these would be lost in f32. */
static void
test_double (void)
{
  op_check_near ("Add-1", "",
      OP_LIST (
          op_tensor (F64, "2", 1, 1e300), op_tensor (F64, "2", 1e-12, 1e300)),
      OP_LIST (op_tensor (F64, "2", 1 + 1e-12, 2e300)), 1e-15);
  op_check_near ("Mod-1", "",
      OP_LIST (op_tensor (F64, "1", -1e9 - 0.25), op_tensor (F64, "1", 1)),
      OP_LIST (op_tensor (F64, "1", -0.25)), 1e-15);
  op_check ("Less-1", "",
      OP_LIST (op_tensor (F64, "1", 1), op_tensor (F64, "1", 1 + 1e-12)),
      OP_LIST (op_tensor (BOOLEAN, "1", 1)));
}

/* What traps or overflows in C has a result here. */
static void
test_integer_edges (void)
{
  op_check ("Divide-1", "",
      OP_LIST (op_tensor (I32, "5", -7, 7, 7, G_MININT32, 5),
          op_tensor (I32, "5", 2, -2, 2, -1, 0)),
      OP_LIST (op_tensor (I32, "5", -4, -4, 3, G_MININT32, 0)));
  op_check ("Divide-1", "m_pythondiv=false",
      OP_LIST (op_tensor (I32, "2", -7, 7), op_tensor (I32, "2", 2, -2)),
      OP_LIST (op_tensor (I32, "2", -3, -3)));
  op_check ("Divide-1", "",
      OP_LIST (op_tensor_wide (I64, "2", G_MININT64, G_MININT64),
          op_tensor_wide (I64, "2", -1, 0)),
      OP_LIST (op_tensor_wide (I64, "2", G_MININT64, 0)));
  op_check ("Mod-1", "",
      OP_LIST (op_tensor_wide (I64, "4", -7, 7, G_MININT64, 5),
          op_tensor_wide (I64, "4", 3, -3, -1, 0)),
      OP_LIST (op_tensor_wide (I64, "4", -1, 1, 0, 0)));
  op_check ("FloorMod-1", "",
      OP_LIST (
          op_tensor (I8, "3", -7, 7, -128), op_tensor (I8, "3", 3, -3, -1)),
      OP_LIST (op_tensor (I8, "3", 2, -2, 0)));
  op_check ("Multiply-1", "",
      OP_LIST (op_tensor (U16, "1", 65535), op_tensor (U16, "1", 65535)),
      OP_LIST (op_tensor (U16, "1", 1)));
  op_check ("Power-1", "",
      OP_LIST (op_tensor (I32, "5", 2, -3, 2, -1, 0),
          op_tensor (I32, "5", 10, 3, -1, -3, -2)),
      OP_LIST (op_tensor (I32, "5", 1024, -27, 0, -1, 0)));
  op_check ("Abs-1", "", OP_LIST (op_tensor_wide (I64, "2", G_MININT64, -3)),
      OP_LIST (op_tensor_wide (I64, "2", G_MININT64, 3)));
  op_check ("BitwiseLeftShift-15", "",
      OP_LIST (op_tensor (U8, "3", 3, 3, 3), op_tensor (U8, "3", 1, 7, 9)),
      OP_LIST (op_tensor (U8, "3", 6, 128, 0)));
  op_check ("BitwiseRightShift-15", "",
      OP_LIST (op_tensor (I8, "3", -8, 8, -8), op_tensor (I8, "3", 1, -1, 100)),
      OP_LIST (op_tensor (I8, "3", -4, 8, -1)));
}

/* Packed integers wrap around at their own width. */
static void
test_packed (void)
{
  op_check ("Add-1", "",
      OP_LIST (op_tensor (U1, "3", 0, 1, 1), op_tensor (U1, "3", 1, 1, 0)),
      OP_LIST (op_tensor (U1, "3", 1, 0, 1)));
  op_check ("Subtract-1", "",
      OP_LIST (op_tensor (I4, "2,1", -8, 3), op_tensor (I4, "3", 1, -1, 2)),
      OP_LIST (op_tensor (I4, "2,3", 7, -7, 6, 2, 4, 1)));
  op_check ("Multiply-1", "",
      OP_LIST (op_tensor (U4, "2", 5, 15), op_tensor (U4, "2", 7, 15)),
      OP_LIST (op_tensor (U4, "2", 3, 1)));
  op_check ("Divide-1", "",
      OP_LIST (op_tensor (I4, "3", -7, 7, 5), op_tensor (I4, "3", 2, 2, 0)),
      OP_LIST (op_tensor (I4, "3", -4, 3, 0)));
  op_check_shape ("Less-1", "", NULL, "u1 2", "u1 2", NULL);
}

static void
test_functions (void)
{
  op_check ("Clamp-1", "min=-1.5;max=2.5",
      OP_LIST (op_tensor (I32, "4", -9, -1, 2, 9)),
      OP_LIST (op_tensor (I32, "4", -1, -1, 2, 2)));
  op_check ("PReLU-1", "",
      OP_LIST (op_tensor (F32, "1,2,2", -1, 2, -3, 4),
          op_tensor (F32, "2", 0.5, 0.25)),
      OP_LIST (op_tensor (F32, "1,2,2", -0.5, 2, -0.75, 4)));
  op_check ("Sigmoid-1", "", OP_LIST (op_tensor (F32, "3", -100, 0, 100)),
      OP_LIST (op_tensor (F32, "3", 0, 0.5, 1)));
  op_check ("Sqrt-1", "", OP_LIST (op_tensor (F64, "2", 4, 2.25)),
      OP_LIST (op_tensor (F64, "2", 2, 1.5)));
  op_check ("IsInf-10", "detect_negative=false",
      OP_LIST (op_tensor (F32, "3", -INFINITY, INFINITY, 1)),
      OP_LIST (op_tensor (BOOLEAN, "3", 0, 1, 0)));
  op_check ("Select-1", "",
      OP_LIST (op_tensor (BOOLEAN, "2", 1, 0), op_tensor (F16, "2,1", 1, 2),
          op_tensor (F16, "1", 5)),
      OP_LIST (op_tensor (F16, "2,2", 1, 5, 2, 5)));
  op_check ("FakeQuantize-1", "levels=3",
      OP_LIST (op_tensor (F32, "5", -9, -0.6, 0.2, 0.8, 9),
          op_tensor (F32, "", -1), op_tensor (F32, "", 1),
          op_tensor (F32, "", 0), op_tensor (F32, "", 10)),
      OP_LIST (op_tensor (F32, "5", 0, 0, 5, 10, 10)));
  op_reject ("FakeQuantize-1", "levels=1",
      OP_LIST (op_tensor (F32, "1", 1), op_tensor (F32, "", -1),
          op_tensor (F32, "", 1), op_tensor (F32, "", 0),
          op_tensor (F32, "", 1)),
      IR_ERROR_SHAPE);
  op_reject ("LogicalNot-1", "", OP_LIST (op_tensor (F32, "1", 1)),
      IR_ERROR_UNSUPPORTED);
  op_reject ("Clamp-1", "min=2;max=1", OP_LIST (op_tensor (F32, "1", 1)),
      IR_ERROR_SHAPE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/elementwise/broadcast", test_broadcast);
  g_test_add_func ("/ops/elementwise/double", test_double);
  g_test_add_func ("/ops/elementwise/integer-edges", test_integer_edges);
  g_test_add_func ("/ops/elementwise/packed", test_packed);
  g_test_add_func ("/ops/elementwise/functions", test_functions);
  return g_test_run ();
}
