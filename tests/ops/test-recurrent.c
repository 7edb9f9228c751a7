/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Expected numbers were computed with NumPy. */
#include "op-test.h"

/* clang-format off */
#define LSTM_INPUTS OP_LIST ( \
    op_tensor (F32, "2,3", -0.625, -0.375, -0.125, 0.125, 0.375, 0.625), \
    op_tensor (F32, "2,2", -1.0 / 3, 0, 1.0 / 3, 2.0 / 3), \
    op_tensor (F32, "2,2", -1, -0.5, 0, 0.5), \
    op_tensor (F32, "8,3", -0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6, -0.6, -0.4, \
        -0.2, 0, 0.2, 0.4, 0.6, -0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6, -0.6, \
        -0.4, -0.2), \
    op_tensor (F32, "8,2", -0.5, -0.25, 0, 0.25, 0.5, -0.5, -0.25, 0, 0.25, \
        0.5, -0.5, -0.25, 0, 0.25, 0.5, -0.5), \
    op_tensor (F32, "8", -0.375, -0.25, -0.125, 0, 0.125, 0.25, 0.375, 0.5))
/* clang-format on */

static void
test_lstm_cell (void)
{
  op_check ("LSTMCell-4", "hidden_size=2", LSTM_INPUTS,
      OP_LIST (op_tensor (F32, "2,2", -0.313322015, 0.0985554349, 0.103020353,
                   0.0866271848),
          op_tensor (
              F32, "2,2", -0.723233287, 0.140210132, 0.13847824, 0.176521137)));
  op_check ("LSTMCell-1", "hidden_size=2;clip=0.25", LSTM_INPUTS,
      OP_LIST (op_tensor (F32, "2,2", -0.295948547, -0.0478144238, 0.0600528337,
                   0.0866271848),
          op_tensor (F32, "2,2", -0.669407647, -0.085258316, 0.107231146,
              0.176521137)));
  op_check ("LSTMCell-4", "hidden_size=2;activations=sigmoid,relu,tanh",
      LSTM_INPUTS,
      OP_LIST (op_tensor (F32, "2,2", -0.266286001, 0.14036936, 0.109541592,
                   0.13534399),
          op_tensor (F32, "2,2", -0.584595319, 0.201064796, 0.147367568,
              0.280062166)));
}

static void
test_lstm_cell_shapes (void)
{
  op_check_shape ("LSTMCell-4", "hidden_size=2", "f32[?,2] f32[?,2]", "f32 ?,3",
      "f32 ?,2", "f32 ?,2", "f32 8,3", "f32 8,2", "f32 8", NULL);
  op_check_shape ("LSTMCell-4", "hidden_size=2", "f32[5,2] f32[5,2]", "f32 ...",
      "f32 5,?", "f32 ?,2", "f32 8,3", "f32 8,2", NULL);
  op_check_shape ("LSTMCell-4", "hidden_size=2", NULL, "f32 1,3", "f32 1,2",
      "f32 1,2", "f32 8,4", "f32 8,2", "f32 8", NULL);
  op_check_shape ("LSTMCell-4", "hidden_size=3", NULL, "f32 1,3", "f32 1,2",
      "f32 1,2", "f32 8,3", "f32 8,2", "f32 8", NULL);
  op_check_shape ("LSTMCell-4", "hidden_size=2;activations=tanh", NULL,
      "f32 1,3", "f32 1,2", "f32 1,2", "f32 8,3", "f32 8,2", "f32 8", NULL);
  op_check_shape ("LSTMCell-4", "hidden_size=0", NULL, "f32 1,3", "f32 1,2",
      "f32 1,2", "f32 8,3", "f32 8,2", "f32 8", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/lstm-cell", test_lstm_cell);
  g_test_add_func ("/ops/lstm-cell/shapes", test_lstm_cell_shapes);
  return g_test_run ();
}
