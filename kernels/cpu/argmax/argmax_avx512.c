/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define IR_ISA avx512
#include "argmax_impl.h"
