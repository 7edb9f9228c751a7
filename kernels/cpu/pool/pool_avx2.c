/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define IR_ISA avx2
#define IR_LANES 8
#include "pool_impl.h"
