/* What every unit test includes: cmocka wants these before itself. */
#ifndef OPSAN_UNIT_H
#define OPSAN_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
