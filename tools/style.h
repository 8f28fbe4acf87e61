/* Colours for people on a terminal; empty strings everywhere else. */
#ifndef OPSAN_STYLE_H
#define OPSAN_STYLE_H

#include <stdbool.h>

struct style {
	const char *title, *strong, *alarm, *quiet, *end;
};

enum style_choice { STYLE_AUTO, STYLE_ALWAYS, STYLE_NEVER };

/* STYLE_AUTO: on a terminal that is not "dumb", unless NO_COLOR is set. */
struct style style_choose(enum style_choice choice, int descriptor);

#endif
