/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define IR_ISA avx2
#include "argmax_impl.h"
