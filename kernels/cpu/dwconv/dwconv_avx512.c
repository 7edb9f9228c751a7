/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define IR_ISA avx512
#define IR_LANES 16
#include "dwconv_impl.h"
