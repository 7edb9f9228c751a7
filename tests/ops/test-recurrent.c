/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Expected numbers were computed with NumPy (LSTMCell), OpenVINO and, for
 * hardsigmoid, ONNX Runtime. */
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

/* Multiples of 1/8 from -5/8 to 5/8, in another order for another @seed. */
static IrTensor *
pattern (const char *shape, guint seed)
{
  IrTensor *tensor = op_tensor_empty (IR_DTYPE_F32, shape);

  for (gsize i = 0; i < ir_tensor_count (tensor); i++)
    ir_tensor_set_f64 (tensor, i, ((double) ((i * 5 + seed) % 11) - 5) / 8);
  return tensor;
}

static void
test_gru_cell (void)
{
  op_check ("GRUCell-3", "hidden_size=2",
      OP_LIST (pattern ("2,3", 0), pattern ("2,2", 1), pattern ("6,3", 3),
          pattern ("6,2", 4), pattern ("6", 5)),
      OP_LIST (op_tensor (
          F32, "2,2", -0.30817991, 0.10561017, -0.50798756, 0.16488083)));
  op_check ("GRUCell-3", "hidden_size=2;linear_before_reset=true;clip=0.5",
      OP_LIST (pattern ("2,3", 0), pattern ("2,2", 1), pattern ("6,3", 3),
          pattern ("6,2", 4), pattern ("8", 5)),
      OP_LIST (op_tensor (
          F32, "2,2", -0.42743623, 0.1696512, -0.55926591, 0.17787451)));
}

static void
test_rnn_cell (void)
{
  op_check ("RNNCell-1", "hidden_size=2;activations=sigmoid",
      OP_LIST (pattern ("2,3", 0), pattern ("2,2", 1), pattern ("2,3", 3),
          pattern ("2,2", 4), pattern ("2", 5)),
      OP_LIST (op_tensor (
          F32, "2,2", 0.5117166, 0.67233169, 0.5964331, 0.61508787)));
  op_check ("RNNCell-1",
      "hidden_size=2;activations=hardsigmoid;activations_alpha=0.3;"
      "activations_beta=0.6",
      OP_LIST (pattern ("2,3", 0), pattern ("2,2", 1), pattern ("2,3", 3),
          pattern ("2,2", 4), pattern ("2", 5)),
      OP_LIST (
          op_tensor (F32, "2,2", 0.61406255, 0.815625, 0.7171875, 0.740625)));
}

static void
test_sequences (void)
{
  op_check ("LSTMSequence-5", "hidden_size=2;direction=bidirectional",
      OP_LIST (pattern ("2,3,2", 0), pattern ("2,2,2", 1), pattern ("2,2,2", 2),
          op_tensor (I32, "2", 3, 2), pattern ("2,8,2", 3),
          pattern ("2,8,2", 4), pattern ("2,8", 5)),
      OP_LIST (
          op_tensor (F32, "2,2,3,2", -0.11151636, -0.0061069303, -0.043446362,
              0.17721418, 0.0026434427, 0.27786461, 0.18393813, -0.011559615,
              0.047722764, -0.10616486, -0.029041003, -0.012399869, -0.20133691,
              0.25184125, -0.058529921, 0.28089416, 0, 0, 0.1372954, -0.1442223,
              0.18465808, -0.10686456, 0, 0),
          op_tensor (F32, "2,2,2", 0.0026434427, 0.27786461, 0.18393813,
              -0.011559615, -0.058529921, 0.28089416, 0.1372954, -0.1442223),
          op_tensor (F32, "2,2,2", 0.0057449224, 0.49850044, 0.26855731,
              -0.034173351, -0.13505562, 0.51082742, 0.2600027, -0.31073758)));
  op_check ("GRUSequence-5", "hidden_size=2;direction=reverse",
      OP_LIST (pattern ("2,3,2", 0), pattern ("2,1,2", 1),
          op_tensor (I64, "2", 3, 2), pattern ("1,6,2", 3),
          pattern ("1,6,2", 4), pattern ("1,6", 5)),
      OP_LIST (op_tensor (F32, "2,1,3,2", -0.216158, 0.29094213, 0.038059004,
                   0.3832204, -0.11730604, 0.25887278, -0.047936168, 0.29325202,
                   -0.20147258, 0.14933088, 0, 0),
          op_tensor (
              F32, "2,1,2", -0.216158, 0.29094213, -0.047936168, 0.29325202)));
  op_check ("RNNSequence-5", "hidden_size=2;direction=forward",
      OP_LIST (pattern ("2,3,2", 0), pattern ("2,1,2", 1),
          op_tensor (I32, "2", 3, 2), pattern ("1,2,2", 3),
          pattern ("1,2,2", 4), pattern ("1,2", 5)),
      OP_LIST (op_tensor (F32, "2,1,3,2", 0.27406159, 0.77440917, 0.14871088,
                   0.52358288, 0.024447709, 0.48855904, -0.15499073, 0.49817443,
                   0.018458951, 0.55929941, 0, 0),
          op_tensor (
              F32, "2,1,2", 0.024447709, 0.48855904, 0.018458951, 0.55929941)));
}

static void
test_sequence_shapes (void)
{
  op_check_shape ("LSTMSequence-5", "hidden_size=2;direction=bidirectional",
      "f32[?,2,7,2] f32[?,2,2] f32[?,2,2]", "f32 ?,7,3", "f32 ?,2,2", "f32 ...",
      "i32 ?", "f32 2,8,3", "f32 2,8,2", "f32 2,8", NULL);
  op_check_shape ("GRUSequence-5", "hidden_size=2;direction=forward",
      "f32[4,1,?,2] f32[4,1,2]", "f32 ...", "f32 ...", "i32 4", "f32 ...",
      "f32 ...", "f32 ...", NULL);
  op_check_shape ("RNNSequence-5", "hidden_size=2;direction=reverse",
      "f32[4,1,?,2] f32[4,1,2]", "f32 ...", "f32 4,?,?", "i64 ...", "f32 ...",
      "f32 ...", "f32 1,2", NULL);
  op_check_shape ("GRUSequence-5",
      "hidden_size=2;direction=forward;linear_before_reset=true", NULL,
      "f32 ...", "f32 ...", "i32 4", "f32 ...", "f32 ...", "f32 1,6", NULL);
  op_check_shape ("RNNSequence-5", "hidden_size=2;direction=bidirectional",
      NULL, "f32 ...", "f32 ?,1,2", "i32 ?", "f32 ...", "f32 ...", "f32 ...",
      NULL);
  op_check_shape ("RNNSequence-5", "hidden_size=2;direction=forward", NULL,
      "f32 ...", "f32 ...", "f32 ?", "f32 ...", "f32 ...", "f32 ...", NULL);
  op_reject ("RNNSequence-5", "hidden_size=2;direction=forward",
      OP_LIST (pattern ("2,3,2", 0), pattern ("2,1,2", 1),
          op_tensor (I32, "2", 3, 4), pattern ("1,2,2", 3),
          pattern ("1,2,2", 4), pattern ("1,2", 5)),
      IR_ERROR_SHAPE);
  op_reject ("RNNSequence-5",
      "hidden_size=2;direction=forward;activations=softsign",
      OP_LIST (pattern ("2,3,2", 0), pattern ("2,1,2", 1),
          op_tensor (I32, "2", 3, 3), pattern ("1,2,2", 3),
          pattern ("1,2,2", 4), pattern ("1,2", 5)),
      IR_ERROR_UNSUPPORTED);
}

/* clang-format off */
#define SCORES \
    1, 0, 0, 0, 2, 0, 3, 1, 0, 0, 2, 1, 0, 0, 1, 0, 2, 3, 2, 0, 0, 5, 2, 1
#define SCORES_BY_SEQUENCE \
    1, 0, 0, 3, 1, 0, 0, 0, 1, 2, 0, 0, 0, 2, 0, 0, 2, 1, 0, 2, 3, 5, 2, 1
/* clang-format on */

static void
test_ctc_greedy_decoder (void)
{
  op_check ("CTCGreedyDecoder-1", "",
      OP_LIST (op_tensor (F32, "4,2,3", SCORES),
          op_tensor (F32, "4,2", 1, 1, 1, 1, 1, 1, 1, 0)),
      OP_LIST (op_tensor (F32, "2,4,1,1", 0, 0, -1, -1, 1, -1, -1, -1)));
  op_check ("CTCGreedyDecoder-1", "ctc_merge_repeated=false",
      OP_LIST (op_tensor (F32, "4,2,3", SCORES),
          op_tensor (F32, "4,2", 1, 1, 1, 1, 1, 1, 1, 0)),
      OP_LIST (op_tensor (F32, "2,4,1,1", 0, 0, 0, -1, 1, 1, -1, -1)));
  op_check_shape (
      "CTCGreedyDecoder-1", "", "f32[2,7,1,1]", "f32 7,?,3", "f32 ?,2", NULL);
  op_check_shape ("CTCGreedyDecoder-1", "", NULL, "f32 7,3,3", "f32 7,2", NULL);
}

static void
test_ctc_greedy_decoder_seq_len (void)
{
  op_check ("CTCGreedyDecoderSeqLen-6", "",
      OP_LIST (op_tensor (F32, "2,4,3", SCORES_BY_SEQUENCE),
          op_tensor (I32, "2", 4, 3)),
      OP_LIST (op_tensor (I32, "2,4", 0, 0, -1, -1, 1, -1, -1, -1),
          op_tensor (I32, "2", 2, 1)));
  op_check ("CTCGreedyDecoderSeqLen-6",
      "merge_repeated=false;classes_index_type=i64;sequence_length_type=i64",
      OP_LIST (op_tensor (F32, "2,4,3", SCORES_BY_SEQUENCE),
          op_tensor (I32, "2", 4, 3), op_tensor (I32, "", 0)),
      OP_LIST (op_tensor (I64, "2,4", 2, -1, -1, -1, 1, 1, 2, -1),
          op_tensor (I64, "2", 1, 3)));
  op_check_shape ("CTCGreedyDecoderSeqLen-6", "", "i32[2,?] i32[2]", "f32 ...",
      "i32 2", NULL);
  op_check_shape ("CTCGreedyDecoderSeqLen-6", "classes_index_type=f32", NULL,
      "f32 2,4,3", "i32 2", NULL);
  op_reject ("CTCGreedyDecoderSeqLen-6", "",
      OP_LIST (op_tensor (F32, "2,4,3", SCORES_BY_SEQUENCE),
          op_tensor (I32, "2", 4, 5)),
      IR_ERROR_SHAPE);
  op_reject ("CTCGreedyDecoderSeqLen-6", "",
      OP_LIST (op_tensor (F32, "2,4,3", SCORES_BY_SEQUENCE),
          op_tensor (I32, "2", 4, 4), op_tensor (I32, "", 3)),
      IR_ERROR_SHAPE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/lstm-cell", test_lstm_cell);
  g_test_add_func ("/ops/lstm-cell/shapes", test_lstm_cell_shapes);
  g_test_add_func ("/ops/gru-cell", test_gru_cell);
  g_test_add_func ("/ops/rnn-cell", test_rnn_cell);
  g_test_add_func ("/ops/recurrent-sequences", test_sequences);
  g_test_add_func ("/ops/recurrent-sequences/shapes", test_sequence_shapes);
  g_test_add_func ("/ops/ctc-greedy-decoder", test_ctc_greedy_decoder);
  g_test_add_func (
      "/ops/ctc-greedy-decoder-seq-len", test_ctc_greedy_decoder_seq_len);
  return g_test_run ();
}
