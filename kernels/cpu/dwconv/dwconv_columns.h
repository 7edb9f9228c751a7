/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DWCONV_COLUMNS_H
#define DWCONV_COLUMNS_H

#include "dwconv_strip.h"

/* Eight pixels: column @i of the source is read once for all the pixels that see it,
 * COLUMNS_<width of the window>_<step> (C, T) says C (column, T (pixel, tap) ...). */
/* clang-format off */
#define COLUMNS_3_1(C, T)                                                      \
  C (0, T (0, 0))                                                              \
  C (1, T (0, 1) T (1, 0))                                                     \
  C (2, T (0, 2) T (1, 1) T (2, 0))                                            \
  C (3, T (1, 2) T (2, 1) T (3, 0))                                            \
  C (4, T (2, 2) T (3, 1) T (4, 0))                                            \
  C (5, T (3, 2) T (4, 1) T (5, 0))                                            \
  C (6, T (4, 2) T (5, 1) T (6, 0))                                            \
  C (7, T (5, 2) T (6, 1) T (7, 0))                                            \
  C (8, T (6, 2) T (7, 1))                                                     \
  C (9, T (7, 2))
#define COLUMNS_3_2(C, T)                                                      \
  C (0, T (0, 0))                                                              \
  C (1, T (0, 1))                                                              \
  C (2, T (0, 2) T (1, 0))                                                     \
  C (3, T (1, 1))                                                              \
  C (4, T (1, 2) T (2, 0))                                                     \
  C (5, T (2, 1))                                                              \
  C (6, T (2, 2) T (3, 0))                                                     \
  C (7, T (3, 1))                                                              \
  C (8, T (3, 2) T (4, 0))                                                     \
  C (9, T (4, 1))                                                              \
  C (10, T (4, 2) T (5, 0))                                                    \
  C (11, T (5, 1))                                                             \
  C (12, T (5, 2) T (6, 0))                                                    \
  C (13, T (6, 1))                                                             \
  C (14, T (6, 2) T (7, 0))                                                    \
  C (15, T (7, 1))                                                             \
  C (16, T (7, 2))
#define COLUMNS_5_1(C, T)                                                      \
  C (0, T (0, 0))                                                              \
  C (1, T (0, 1) T (1, 0))                                                     \
  C (2, T (0, 2) T (1, 1) T (2, 0))                                            \
  C (3, T (0, 3) T (1, 2) T (2, 1) T (3, 0))                                   \
  C (4, T (0, 4) T (1, 3) T (2, 2) T (3, 1) T (4, 0))                          \
  C (5, T (1, 4) T (2, 3) T (3, 2) T (4, 1) T (5, 0))                          \
  C (6, T (2, 4) T (3, 3) T (4, 2) T (5, 1) T (6, 0))                          \
  C (7, T (3, 4) T (4, 3) T (5, 2) T (6, 1) T (7, 0))                          \
  C (8, T (4, 4) T (5, 3) T (6, 2) T (7, 1))                                   \
  C (9, T (5, 4) T (6, 3) T (7, 2))                                            \
  C (10, T (6, 4) T (7, 3))                                                    \
  C (11, T (7, 4))
#define COLUMNS_5_2(C, T)                                                      \
  C (0, T (0, 0))                                                              \
  C (1, T (0, 1))                                                              \
  C (2, T (0, 2) T (1, 0))                                                     \
  C (3, T (0, 3) T (1, 1))                                                     \
  C (4, T (0, 4) T (1, 2) T (2, 0))                                            \
  C (5, T (1, 3) T (2, 1))                                                     \
  C (6, T (1, 4) T (2, 2) T (3, 0))                                            \
  C (7, T (2, 3) T (3, 1))                                                     \
  C (8, T (2, 4) T (3, 2) T (4, 0))                                            \
  C (9, T (3, 3) T (4, 1))                                                     \
  C (10, T (3, 4) T (4, 2) T (5, 0))                                           \
  C (11, T (4, 3) T (5, 1))                                                    \
  C (12, T (4, 4) T (5, 2) T (6, 0))                                           \
  C (13, T (5, 3) T (6, 1))                                                    \
  C (14, T (5, 4) T (6, 2) T (7, 0))                                           \
  C (15, T (6, 3) T (7, 1))                                                    \
  C (16, T (6, 4) T (7, 2))                                                    \
  C (17, T (7, 3))                                                             \
  C (18, T (7, 4))
/* clang-format on */
#define TAPS_3(X) X (0) X (1) X (2)
#define TAPS_5(X) TAPS_3 (X) X (3) X (4)
#define PIXELS(X) X (0) X (1) X (2) X (3) X (4) X (5) X (6) X (7)

#endif
