/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Expected numbers are NumPy's: searchsorted (), unique (), eye () and sums of
 * rows. */
#include "op-test.h"

#include <math.h>

static void
test_bucketize (void)
{
  op_check ("Bucketize-3", "",
      OP_LIST (op_tensor (F32, "2,3", -2, -1, 0.1, 0.5, 2, 3),
          op_tensor (F32, "4", -1, 0, 0.5, 2)),
      OP_LIST (op_tensor (I64, "2,3", 0, 0, 2, 2, 3, 4)));
  op_check ("Bucketize-3", "with_right_bound=false;output_type=i32",
      OP_LIST (op_tensor (I32, "3", -1, 4, 9), op_tensor (I64, "2", -1, 4)),
      OP_LIST (op_tensor (I32, "3", 1, 2, 2)));
  op_check ("Bucketize-3", "",
      OP_LIST (op_tensor (F16, "", 1), op_tensor_empty (IR_DTYPE_F32, "0")),
      OP_LIST (op_tensor (I64, "", 0)));
  op_check_shape ("Bucketize-3", "", NULL, "f32 2,3", "f32 2,2", NULL);
  op_check_shape (
      "Bucketize-3", "output_type=u8", NULL, "f32 2", "f32 2", NULL);
}

static void
test_search_sorted (void)
{
  op_check ("SearchSorted-15", "",
      OP_LIST (op_tensor (F32, "2,3", 1, 3, 5, 2, 2, 2),
          op_tensor (F32, "2,2", 3, 9, 1, 2)),
      OP_LIST (op_tensor (I64, "2,2", 1, 3, 0, 0)));
  op_check ("SearchSorted-15", "right_mode=true;output_type=i32",
      OP_LIST (
          op_tensor (I32, "3", 1, 3, 5), op_tensor (I32, "2,2", 3, 9, 1, 0)),
      OP_LIST (op_tensor (I32, "2,2", 2, 3, 1, 0)));
  op_check_shape ("SearchSorted-15", "", NULL, "f32 2,3", "f32 3,3", NULL);
  op_check_shape ("SearchSorted-15", "", NULL, "f32 ", "f32 ", NULL);
  op_check_shape ("SearchSorted-15", "", NULL, "f32 2", "i32 2", NULL);
}

static void
test_eye (void)
{
  op_check ("Eye-9", "output_type=f32",
      OP_LIST (op_tensor (I64, "", 2), op_tensor (I64, "1", 3),
          op_tensor (I64, "", 1)),
      OP_LIST (op_tensor (F32, "2,3", 0, 1, 0, 0, 0, 1)));
  op_check ("Eye-9", "output_type=boolean",
      OP_LIST (op_tensor (I32, "", 2), op_tensor (I32, "", 1),
          op_tensor (I32, "", -1), op_tensor (I32, "1", 2)),
      OP_LIST (op_tensor (BOOLEAN, "2,2,1", 0, 1, 0, 1)));
  op_check ("Eye-9", "output_type=i8",
      OP_LIST (op_tensor (I64, "", 1), op_tensor (I64, "", 1),
          op_tensor_wide (I64, "", G_MAXINT64)),
      OP_LIST (op_tensor (I8, "1,1", 0)));
  op_check_shape ("Eye-9", "output_type=f16", "f16[?,?,3,?]", "=3", "i64 1",
      "=0", "i64 2", NULL);
  op_check_shape ("Eye-9", "output_type=f16", NULL, "=-3", "=2", "=0", NULL);
  op_check_shape (
      "Eye-9", "output_type=f16", NULL, "=3", "=2", "=0", "i64 7", NULL);
  op_check_shape ("Eye-9", "output_type=u4", NULL, "=3", "=2", "=0", NULL);
}

static void
test_unique (void)
{
  op_check ("Unique-10", "", OP_LIST (op_tensor (F32, "2,3", 3, 1, 2, 1, 3, 3)),
      OP_LIST (op_tensor (F32, "3", 1, 2, 3), op_tensor (I64, "3", 1, 2, 0),
          op_tensor (I64, "6", 2, 0, 1, 0, 2, 2),
          op_tensor (I64, "3", 2, 1, 3)));
  op_check ("Unique-10", "sorted=false;index_element_type=i32",
      OP_LIST (op_tensor (I32, "5", 3, 1, 1, 2, 3)),
      OP_LIST (op_tensor (I32, "3", 3, 1, 2), op_tensor (I32, "3", 0, 1, 3),
          op_tensor (I32, "5", 0, 1, 1, 2, 0), op_tensor (I64, "3", 2, 2, 1)));
  op_check ("Unique-10", "",
      OP_LIST (
          op_tensor (U8, "2,3", 1, 0, 1, 7, 7, 7), op_tensor (I64, "", -1)),
      OP_LIST (op_tensor (U8, "2,2", 0, 1, 7, 7), op_tensor (I64, "2", 1, 0),
          op_tensor (I64, "3", 1, 0, 1), op_tensor (I64, "2", 1, 2)));
  op_check ("Unique-10", "", OP_LIST (op_tensor_empty (IR_DTYPE_I64, "0")),
      OP_LIST (op_tensor_empty (IR_DTYPE_I64, "0"),
          op_tensor_empty (IR_DTYPE_I64, "0"),
          op_tensor_empty (IR_DTYPE_I64, "0"),
          op_tensor_empty (IR_DTYPE_I64, "0")));
  op_check_shape (
      "Unique-10", "", "f32[?,4] i64[?] i64[?] i64[?]", "f32 3,4", "=0", NULL);
  op_reject ("Unique-10", "",
      OP_LIST (op_tensor (F32, "2", 1, 2), op_tensor (I64, "", 1)),
      IR_ERROR_SHAPE);
}

#define TABLE() op_tensor (F32, "3,2", 1, 2, 3, 4, 5, 6)

static void
test_embedding_offsets (void)
{
  op_check ("EmbeddingBagOffsetsSum-3", "",
      OP_LIST (TABLE (), op_tensor (I32, "3", 0, 2, 1),
          op_tensor (I32, "3", 0, 2, 2)),
      OP_LIST (op_tensor (F32, "3,2", 6, 8, 0, 0, 3, 4)));
  op_check ("EmbeddingBagOffsetsSum-3", "",
      OP_LIST (TABLE (), op_tensor (I32, "3", 0, 2, 1),
          op_tensor (I32, "3", 0, 2, 2), op_tensor (I32, "", 2),
          op_tensor (F32, "3", 2, 3, -1)),
      OP_LIST (op_tensor (F32, "3,2", 17, 22, 5, 6, -3, -4)));
  op_check_shape ("EmbeddingBagOffsetsSum-3", "", "f32[4,2,?]", "f32 3,2,?",
      "i64 ?", "i64 4", NULL);
  op_reject ("EmbeddingBagOffsetsSum-3", "",
      OP_LIST (TABLE (), op_tensor (I32, "1", 3), op_tensor (I32, "1", 0)),
      IR_ERROR_SHAPE);
  op_reject ("EmbeddingBagOffsetsSum-3", "",
      OP_LIST (
          TABLE (), op_tensor (I32, "2", 0, 1), op_tensor (I32, "2", 0, 3)),
      IR_ERROR_SHAPE);
  op_reject ("EmbeddingBagOffsetsSum-3", "",
      OP_LIST (
          TABLE (), op_tensor (I32, "2", 0, 1), op_tensor (I32, "2", 1, 0)),
      IR_ERROR_SHAPE);
  op_check_shape ("EmbeddingBagOffsetsSum-3", "", NULL, "f32 3,2", "i64 4",
      "i64 2", "i64 ", "f32 3", NULL);
}

static void
test_embedding_packed (void)
{
  op_check ("EmbeddingBagPackedSum-3", "",
      OP_LIST (TABLE (), op_tensor (I64, "2,2", 0, 1, 2, 2)),
      OP_LIST (op_tensor (F32, "2,2", 4, 6, 10, 12)));
  op_check ("EmbeddingBagPackedSum-3", "",
      OP_LIST (TABLE (), op_tensor (I64, "1,2", 0, 1),
          op_tensor (F32, "1,2", 0.5, 2)),
      OP_LIST (op_tensor (F32, "1,2", 6.5, 9)));
  op_check_shape (
      "EmbeddingBagPackedSum-3", "", NULL, "f32 3,2", "i64 4", NULL);
}

static void
test_embedding_segments (void)
{
  op_check ("EmbeddingSegmentsSum-3", "",
      OP_LIST (TABLE (), op_tensor (I32, "3", 0, 2, 1),
          op_tensor (I32, "3", 0, 0, 2), op_tensor (I32, "", 4),
          op_tensor (I32, "", 1)),
      OP_LIST (op_tensor (F32, "4,2", 6, 8, 3, 4, 3, 4, 3, 4)));
  op_reject ("EmbeddingSegmentsSum-3", "",
      OP_LIST (TABLE (), op_tensor (I32, "2", 0, 1), op_tensor (I32, "2", 1, 0),
          op_tensor (I32, "", 2)),
      IR_ERROR_SHAPE);
  op_reject ("EmbeddingSegmentsSum-3", "",
      OP_LIST (TABLE (), op_tensor (I32, "1", 0), op_tensor (I32, "1", 2),
          op_tensor (I32, "", 2)),
      IR_ERROR_SHAPE);
  op_check_shape ("EmbeddingSegmentsSum-3", "", NULL, "f32 3,2", "i64 4",
      "i64 3", "=2", NULL);
  op_check_shape ("EmbeddingSegmentsSum-3", "", NULL, "f32 3,2", "i64 4",
      "i64 4", "=-2", NULL);
}

/* Whether element @i of a column comes before element @j: it is better, or the first
 * of equals. */
static gboolean
comes_before (const IrTensor *data, gsize column, gsize inner, gboolean max,
    gint64 i, gint64 j)
{
  const double a = ir_tensor_get_f64 (data, column + i * inner);
  const double b = ir_tensor_get_f64 (data, column + j * inner);

  return a == b ? i < j : (a > b) == max;
}

/* @n by @inner elements with many equal ones: an entry's place is how many others come
 * before it. */
static void
check_top (IrDType dtype, gint64 n, gint64 inner, gint64 k, gboolean max)
{
  g_autofree char *shape =
      g_strdup_printf ("%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT, n, inner);
  IrTensor *data = op_tensor_random (dtype, shape, -20, 20, n + k + inner);
  g_autofree IrTensor **out = NULL;

  for (gint64 i = 0; dtype == IR_DTYPE_F32 && i < n * inner; i++)
    ((float *) data->data)[i] = rint (((float *) data->data)[i]) / 4;
  out = op_run ("TopK-3",
      max ? "axis=0;mode=max;sort=value" : "axis=0;mode=min;sort=value",
      OP_LIST (ir_tensor_ref (data), op_tensor (I64, "", k)), 2);
  for (gint64 column = 0; column < inner; column++)
    for (gint64 i = 0; i < k; i++) {
      const gint64 at =
          ir_tensor_get_i64 (out[1], (gsize) (i * inner + column));
      gint64 before = 0;

      for (gint64 j = 0; j < n; j++)
        before += comes_before (data, column, inner, max, j, at);
      g_assert_cmpint (before, ==, i);
      g_assert_cmpfloat (ir_tensor_get_f64 (out[0], i * inner + column), ==,
          ir_tensor_get_f64 (data, at * inner + column));
    }
  op_free (out);
  ir_tensor_unref (data);
}

static void
test_top (void)
{
  static const IrDType dtypes[] = { IR_DTYPE_F32, IR_DTYPE_F16, IR_DTYPE_F64,
    IR_DTYPE_I32, IR_DTYPE_I64, IR_DTYPE_U8 };
  static const gint64 sizes[][3] = { { 1, 1, 1 }, { 70, 1, 70 }, { 300, 1, 40 },
    { 90, 1, 1 }, { 90, 37, 5 }, { 50, 300, 1 }, { 33, 270, 33 } };

  for (guint t = 0; t < G_N_ELEMENTS (dtypes); t++)
    for (guint s = 0; s < G_N_ELEMENTS (sizes); s++) {
      check_top (dtypes[t], sizes[s][0], sizes[s][1], sizes[s][2], TRUE);
      check_top (dtypes[t], sizes[s][0], sizes[s][1], sizes[s][2], FALSE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/search/bucketize", test_bucketize);
  g_test_add_func ("/ops/search/search-sorted", test_search_sorted);
  g_test_add_func ("/ops/search/eye", test_eye);
  g_test_add_func ("/ops/search/top", test_top);
  g_test_add_func ("/ops/search/unique", test_unique);
  g_test_add_func ("/ops/search/embedding-offsets", test_embedding_offsets);
  g_test_add_func ("/ops/search/embedding-packed", test_embedding_packed);
  g_test_add_func ("/ops/search/embedding-segments", test_embedding_segments);
  return g_test_run ();
}
