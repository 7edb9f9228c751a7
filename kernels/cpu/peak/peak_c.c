/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define IR_ISA c
#include "peak_impl.h"
