/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Expected numbers follow from the definitions of the ops, or are OpenVINO's. */
#include "op-test.h"

static void
test_depth_to_space (void)
{
  op_check ("DepthToSpace-1", "block_size=2;mode=blocks_first",
      OP_LIST (op_tensor (F32, "1,8,1,1", 0, 1, 2, 3, 4, 5, 6, 7)),
      OP_LIST (op_tensor (F32, "1,2,2,2", 0, 2, 4, 6, 1, 3, 5, 7)));
  op_check ("DepthToSpace-1", "block_size=2;mode=depth_first",
      OP_LIST (op_tensor (F32, "1,8,1,1", 0, 1, 2, 3, 4, 5, 6, 7)),
      OP_LIST (op_tensor (F32, "1,2,2,2", 0, 1, 2, 3, 4, 5, 6, 7)));
  op_check ("SpaceToDepth-1", "block_size=2;mode=blocks_first",
      OP_LIST (op_tensor (F32, "1,2,2,2", 0, 2, 4, 6, 1, 3, 5, 7)),
      OP_LIST (op_tensor (F32, "1,8,1,1", 0, 1, 2, 3, 4, 5, 6, 7)));
  op_check_shape ("DepthToSpace-1", "block_size=2;mode=depth_first",
      "f32[?,2,?,6]", "f32 ?,8,?,3", NULL);
  op_check_shape ("DepthToSpace-1", "block_size=2;mode=depth_first", NULL,
      "f32 1,6,2,2", NULL);
  op_check_shape ("SpaceToDepth-1", "block_size=2;mode=depth_first", NULL,
      "f32 1,6,3,2", NULL);
}

static void
test_shuffle_channels (void)
{
  op_check ("ShuffleChannels-1", "axis=1;group=2",
      OP_LIST (op_tensor (U8, "1,6", 0, 1, 2, 3, 4, 5)),
      OP_LIST (op_tensor (U8, "1,6", 0, 3, 1, 4, 2, 5)));
  op_check_shape (
      "ShuffleChannels-1", "axis=1;group=4", NULL, "f32 1,6,2,2", NULL);
}

static void
test_batch_to_space (void)
{
  op_check ("BatchToSpace-2", "",
      OP_LIST (op_tensor (F32, "4,1,2", 0, 1, 2, 3, 4, 5, 6, 7),
          op_tensor (I64, "3", 1, 1, 2), op_tensor (I64, "3", 0, 0, 1),
          op_tensor (I64, "3", 0, 0, 0)),
      OP_LIST (op_tensor (F32, "2,1,3", 4, 1, 5, 6, 3, 7)));
  op_check_shape ("BatchToSpace-2", "", "f32[?,6,2]", "f32 ?,2,3", "=1,3,1",
      "=0,0,1", "=0,0,0", NULL);
  op_check_shape ("BatchToSpace-2", "", "f32[?,?,?]", "f32 4,2,3", "=1,2,1",
      "i64 3", "=0,0,0", NULL);
  op_check_shape ("BatchToSpace-2", "", NULL, "f32 4,2,3", "=1,3,1", "=0,0,0",
      "=0,0,0", NULL);
  op_check_shape ("BatchToSpace-2", "", NULL, "f32 4,2,3", "=2,2,1", "=0,0,0",
      "=0,0,0", NULL);
  op_check_shape ("BatchToSpace-2", "", NULL, "f32 4,2,3", "=1,2,0", "=0,0,0",
      "=0,0,0", NULL);
  op_check_shape ("BatchToSpace-2", "", NULL, "f32 4,2,3", "=1,2,1", "=0,2,0",
      "=0,3,0", NULL);
  op_check_shape (
      "BatchToSpace-2", "", NULL, "f32 4,2,3", "=1,2", "=0,0", "=0,0", NULL);
}

static void
test_space_to_batch (void)
{
  op_check ("SpaceToBatch-2", "",
      OP_LIST (op_tensor (I8, "1,1,3,3", 0, 1, 2, 3, 4, 5, 6, 7, 8),
          op_tensor (I32, "4", 1, 1, 2, 2), op_tensor (I32, "4", 0, 0, 1, 0),
          op_tensor (I32, "4", 0, 0, 0, 1)),
      OP_LIST (op_tensor (
          I8, "4,1,2,2", 0, 0, 3, 5, 0, 0, 4, 0, 0, 2, 6, 8, 1, 0, 7, 0)));
  op_check_shape ("SpaceToBatch-2", "", "f32[12,?,2]", "f32 3,?,6", "=1,1,4",
      "=0,0,1", "=0,0,1", NULL);
  op_check_shape ("SpaceToBatch-2", "", NULL, "f32 3,2,6", "=1,1,4", "=0,0,0",
      "=0,0,1", NULL);
  op_check_shape ("SpaceToBatch-2", "", NULL, "f32 3,2,6", "=1,1,2", "=0,0,-2",
      "=0,0,0", NULL);
  op_check_shape ("SpaceToBatch-2", "", NULL, "f32 3,2,6", "=1,1,2",
      "=0,0,9223372036854775807", "=0,0,0", NULL);
}

static void
test_adaptive_pools (void)
{
  op_check ("AdaptiveAvgPool-8", "",
      OP_LIST (op_tensor (F32, "1,1,3,3", 0, 1, 2, 3, 4, 5, 6, 7, 8),
          op_tensor (I64, "2", 2, 2)),
      OP_LIST (op_tensor (F32, "1,1,2,2", 2, 3, 5, 6)));
  op_check ("AdaptiveMaxPool-8", "index_element_type=i32",
      OP_LIST (
          op_tensor (F32, "1,1,5", 3, 1, 2, 2, 5), op_tensor (I64, "1", 2)),
      OP_LIST (op_tensor (F32, "1,1,2", 3, 5), op_tensor (I32, "1,1,2", 0, 4)));
  op_check_shape (
      "AdaptiveAvgPool-8", "", "f16[?,3,4,5]", "f16 ?,3,?,9", "=4,5", NULL);
  op_check_shape ("AdaptiveMaxPool-8", "", "f32[2,3,?] i64[2,3,?]", "f32 2,3,9",
      "i32 1", NULL);
  op_check_shape ("AdaptiveAvgPool-8", "", NULL, "f32 1,3,9,9", "=4", NULL);
  op_check_shape ("AdaptiveAvgPool-8", "", NULL, "f32 1,3,9,9", "=4,0", NULL);
  op_check_shape ("AdaptiveAvgPool-8", "", NULL, "f32 1,3,9,0", "=4,4", NULL);
  op_check_shape ("AdaptiveAvgPool-8", "", NULL, "f32 9,9", "=4,4", NULL);
  op_check_shape ("AdaptiveMaxPool-8", "index_element_type=u8", NULL,
      "f32 1,3,9", "=4", NULL);
}

static void
test_topk (void)
{
  op_check ("TopK-3", "axis=-1;mode=max;sort=value",
      OP_LIST (op_tensor (F32, "2,4", 1, 3, 3, 2, 9, 7, 8, 9),
          op_tensor (I64, "", 3)),
      OP_LIST (op_tensor (F32, "2,3", 3, 3, 2, 9, 9, 8),
          op_tensor (I32, "2,3", 1, 2, 3, 0, 3, 2)));
  op_check ("TopK-11", "axis=0;mode=min;sort=index;index_element_type=i64",
      OP_LIST (
          op_tensor (I32, "3,2", 5, 1, 4, 9, 3, 0), op_tensor (I64, "", 2)),
      OP_LIST (op_tensor (I32, "2,2", 4, 1, 3, 0),
          op_tensor (I64, "2,2", 1, 0, 2, 2)));
  op_check_shape ("TopK-1", "axis=1;mode=max;sort=value", "f32[?,5] i32[?,5]",
      "f32 ?,?", "=5", NULL);
  op_reject ("TopK-3", "axis=0;mode=max;sort=value",
      OP_LIST (op_tensor (F32, "2", 1, 2), op_tensor (I64, "", 3)),
      IR_ERROR_SHAPE);
}

static void
test_nonzero (void)
{
  op_check ("NonZero-3", "output_type=i32",
      OP_LIST (op_tensor (F32, "2,3", 0, 1, 0, 2, 0, -3)),
      OP_LIST (op_tensor (I32, "2,3", 0, 1, 1, 1, 0, 2)));
  op_check_shape ("NonZero-3", "", "i64[3,?]", "f32 2,?,4", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/blocks/depth-to-space", test_depth_to_space);
  g_test_add_func ("/ops/blocks/shuffle-channels", test_shuffle_channels);
  g_test_add_func ("/ops/blocks/batch-to-space", test_batch_to_space);
  g_test_add_func ("/ops/blocks/space-to-batch", test_space_to_batch);
  g_test_add_func ("/ops/blocks/adaptive-pools", test_adaptive_pools);
  g_test_add_func ("/ops/sort/topk", test_topk);
  g_test_add_func ("/ops/sort/nonzero", test_nonzero);
  return g_test_run ();
}
