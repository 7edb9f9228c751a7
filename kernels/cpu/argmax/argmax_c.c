/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define IR_ISA c
#include "argmax_impl.h"
