/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Expected numbers are those of NumPy's fft (), fft2 () and ifft (). */
#include "op-test.h"

static void
test_values (void)
{
  op_check ("DFT-7", "",
      OP_LIST (op_tensor (F32, "4,2", 1, 0, 2, 1, 3, -1, 4, 2),
          op_tensor (I64, "1", 0)),
      OP_LIST (op_tensor (F32, "4,2", 10, 2, -3, 3, -2, -4, -1, -1)));
  op_check ("IDFT-7", "",
      OP_LIST (op_tensor (F32, "4,2", 10, 2, -3, 3, -2, -4, -1, -1),
          op_tensor (I64, "1", -1)),
      OP_LIST (op_tensor (F32, "4,2", 1, 0, 2, 1, 3, -1, 4, 2)));
  op_check ("DFT-7", "",
      OP_LIST (op_tensor (F32, "2,2,2", 1, 0, 2, 0, 3, 0, 4, 0),
          op_tensor (I64, "2", 0, 1)),
      OP_LIST (op_tensor (F32, "2,2,2", 10, 0, -2, 0, -4, 0, 0, 0)));
}

static void
test_sizes (void)
{
  op_check ("DFT-7", "",
      OP_LIST (op_tensor (F32, "2,3,2", 1, 0, 2, 0, 9, 9, 3, 0, 4, 0, 9, 9),
          op_tensor (I64, "1", 1), op_tensor (I64, "1", 2)),
      OP_LIST (op_tensor (F32, "2,2,2", 3, 0, -1, 0, 7, 0, -1, 0)));
  op_check ("DFT-7", "",
      OP_LIST (op_tensor (F32, "1,2", 5, 1), op_tensor (I64, "1", 0),
          op_tensor (I64, "1", 2)),
      OP_LIST (op_tensor (F32, "2,2", 5, 1, 5, 1)));
  op_check_shape ("DFT-7", "", "f32[?,7,2]", "f32 ?,3,2", "=1", "=7", NULL);
  op_check_shape ("IDFT-7", "", "f32[2,?,2]", "f32 2,?,?", "=1", "=-1", NULL);
  op_check_shape ("DFT-7", "", "f32[?,?,2]", "f32 5,3,2", "=1", "i64 1", NULL);
}

static void
test_refused (void)
{
  op_check_shape ("DFT-7", "", NULL, "f32 5,3", "=0", NULL);
  op_check_shape ("DFT-7", "", NULL, "f32 5,2", "=1", NULL);
  op_check_shape ("DFT-7", "", NULL, "f32 5,3,2", "=0,-2", NULL);
  op_check_shape ("DFT-7", "", NULL, "f32 5,3,2", "=0", "=1,2", NULL);
  op_check_shape ("DFT-7", "", NULL, "f32 5,3,2", "=0", "=0", NULL);
  op_check_shape ("DFT-7", "", NULL, "i32 5,3,2", "=0", NULL);
  op_check_shape ("DFT-7", "", NULL, "f32 2", "=0", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/dft/values", test_values);
  g_test_add_func ("/ops/dft/sizes", test_sizes);
  g_test_add_func ("/ops/dft/refused", test_refused);
  return g_test_run ();
}
