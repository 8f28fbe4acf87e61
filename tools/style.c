#include "style.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool wants_colour(int descriptor)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	if (no_colour != NULL && *no_colour != '\0')
		return false;
	return isatty(descriptor) && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

struct style style_choose(enum style_choice choice, int descriptor)
{
	if (choice == STYLE_NEVER || (choice == STYLE_AUTO && !wants_colour(descriptor)))
		return (struct style){"", "", "", "", ""};
	return (struct style){"\033[1;36m", "\033[1m", "\033[1;31m", "\033[2m", "\033[0m"};
}
