/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Expected numbers are OpenVINO's. */
#include "op-test.h"

#include <math.h>

static void
test_matrix (void)
{
  op_check ("MatrixNms-8",
      "decay_function=linear;gaussian_sigma=2.0;post_threshold=0.0;"
      "sort_result_type=none;sort_result_across_batch=false;"
      "output_type=i64;score_threshold=0.2;nms_top_k=-1;keep_top_k=-1;"
      "background_class=-1;normalized=true",
      OP_LIST (op_tensor (F32, "1,3,4", 0, 0, 1, 1, 0, 0, 1, 0.5, 2, 2, 3, 3),
          op_tensor (F32, "1,2,3", 0.9, 0.8, 0.3, 0.1, 0.6, 0.7)),
      OP_LIST (op_tensor (F32, "5,6", 0, 0.9, 0, 0, 1, 1, 1, 0.7, 2, 2, 3, 3, 1,
                   0.6, 0, 0, 1, 0.5, 0, 0.4, 0, 0, 1, 0.5, 0, 0.3, 2, 2, 3, 3),
          op_tensor (I64, "5,1", 0, 2, 1, 1, 2), op_tensor (I64, "1", 5)));
  op_check ("MatrixNms-8",
      "decay_function=gaussian;gaussian_sigma=2.0;post_threshold=0.4;"
      "sort_result_type=classid;sort_result_across_batch=false;"
      "output_type=i32;score_threshold=0.2;nms_top_k=-1;keep_top_k=3;"
      "background_class=-1;normalized=true",
      OP_LIST (op_tensor (F32, "1,3,4", 0, 0, 1, 1, 0, 0, 1, 0.5, 2, 2, 3, 3),
          op_tensor (F32, "1,2,3", 0.9, 0.8, 0.3, 0.1, 0.6, 0.7)),
      OP_LIST (op_tensor (F32, "3,6", 0, 0.9, 0, 0, 1, 1, 1, 0.7, 2, 2, 3, 3, 1,
                   0.6, 0, 0, 1, 0.5),
          op_tensor (I32, "3,1", 0, 2, 1), op_tensor (I32, "1", 3)));
  op_check_shape ("MatrixNms-8", "", "f16[?,6] i64[?,1] i64[2]", "f16 ?,?,4",
      "f16 2,3,?", NULL);
  op_check_shape ("MatrixNms-8", "", NULL, "f32 1,5,4", "f32 1,3,6", NULL);
  op_check_shape ("MatrixNms-8", "", NULL, "f32 1,5,5", "f32 1,3,5", NULL);
  op_check_shape (
      "MatrixNms-8", "keep_top_k=-5", NULL, "f32 1,5,4", "f32 1,3,5", NULL);
}

static void
test_multiclass (void)
{
  op_check ("MulticlassNms-8",
      "sort_result_type=classid;sort_result_across_batch=false;"
      "output_type=i64;iou_threshold=0.4;score_threshold=0.2;"
      "nms_top_k=-1;keep_top_k=-1;background_class=-1;nms_eta=1.0;"
      "normalized=true",
      OP_LIST (op_tensor (F32, "1,3,4", 0, 0, 1, 1, 0, 0, 1, 0.5, 2, 2, 3, 3),
          op_tensor (F32, "1,2,3", 0.9, 0.8, 0.3, 0.1, 0.6, 0.7)),
      OP_LIST (op_tensor (F32, "4,6", 0, 0.9, 0, 0, 1, 1, 0, 0.3, 2, 2, 3, 3, 1,
                   0.7, 2, 2, 3, 3, 1, 0.6, 0, 0, 1, 0.5),
          op_tensor (I64, "4,1", 0, 2, 2, 1), op_tensor (I64, "1", 4)));
  op_check ("MulticlassNms-9",
      "sort_result_type=score;sort_result_across_batch=true;"
      "output_type=i32;iou_threshold=0.4;score_threshold=0.2;"
      "nms_top_k=-1;keep_top_k=-1;background_class=-1;nms_eta=1.0;"
      "normalized=true",
      OP_LIST (op_tensor (F32, "2,3,4", 0, 0, 1, 1, 0, 0, 1, 0.5, 2, 2, 3, 3, 1,
                   1, 2, 2, 1, 1, 2, 1.5, 3, 3, 4, 4),
          op_tensor (F32, "2,3", 0.9, 0.8, 0.3, 0.1, 0.6, 0.7),
          op_tensor (I32, "2", 2, 1)),
      OP_LIST (op_tensor (F32, "4,6", 0, 0.9, 0, 0, 1, 1, 1, 0.7, 3, 3, 4, 4, 1,
                   0.6, 1, 1, 2, 1.5, 0, 0.3, 2, 2, 3, 3),
          op_tensor (I32, "4,1", 0, 5, 3, 4), op_tensor (I32, "2", 2, 2)));
  op_check_shape ("MulticlassNms-9", "", "f32[?,6] i64[?,1] i64[?]",
      "f32 2,?,4", "f32 ...", "i32 ?", NULL);
  op_check_shape (
      "MulticlassNms-9", "", NULL, "f32 2,5,4", "f32 2,6", "i64 1", NULL);
  op_check_shape ("MulticlassNms-8", "output_type=f32", NULL, "f32 1,5,4",
      "f32 1,3,5", NULL);
}

/* More boxes counted than there are, and counts below zero. */
static void
test_counts (void)
{
  op_reject ("MulticlassNms-9", "",
      OP_LIST (op_tensor (F32, "1,1,4", 0, 0, 1, 1), op_tensor (F32, "1,1", 1),
          op_tensor (I64, "2", 1, 1)),
      IR_ERROR_SHAPE);
  op_reject ("MulticlassNms-9", "",
      OP_LIST (op_tensor (F32, "1,1,4", 0, 0, 1, 1), op_tensor (F32, "1,1", 1),
          op_tensor_wide (I64, "1", G_MAXINT64)),
      IR_ERROR_SHAPE);
  op_check ("MulticlassNms-9", "",
      OP_LIST (op_tensor (F32, "1,1,4", 0, 0, 1, 1),
          op_tensor (F32, "1,1", 0.5),
          op_tensor_wide (I64, "2", G_MININT64, 1)),
      OP_LIST (op_tensor (F32, "1,6", 0, 0.5, 0, 0, 1, 1),
          op_tensor (I64, "1,1", 0), op_tensor (I64, "2", 0, 1)));
}

static void
test_odd_numbers (void)
{
  static const char *const ops[] = { "MatrixNms-8", "MulticlassNms-8" };

  for (gsize i = 0; i < G_N_ELEMENTS (ops); i++) {
    g_autofree IrTensor **out = op_run (ops[i], "score_threshold=0.1",
        OP_LIST (op_tensor (F32, "1,4,4", NAN, 0, 1, 1, 0, INFINITY, -INFINITY,
                     1, 5, 5, 1, 1, 1e30, -1e30, 1e30, 1e30),
            op_tensor (F32, "1,1,4", NAN, 1, 0.5, INFINITY)),
        3);

    op_free (out);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (ops); i++)
    op_check (ops[i], "",
        OP_LIST (op_tensor_empty (IR_DTYPE_F32, "2,0,4"),
            op_tensor_empty (IR_DTYPE_F32, "2,3,0")),
        OP_LIST (op_tensor_empty (IR_DTYPE_F32, "0,6"),
            op_tensor_empty (IR_DTYPE_I64, "0,1"), op_tensor (I64, "2", 0, 0)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/nms/matrix", test_matrix);
  g_test_add_func ("/ops/nms/multiclass", test_multiclass);
  g_test_add_func ("/ops/nms/counts", test_counts);
  g_test_add_func ("/ops/nms/odd-numbers", test_odd_numbers);
  return g_test_run ();
}
