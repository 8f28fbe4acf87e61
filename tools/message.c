#include "message.h"

#include "span.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_all(const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(STDERR_FILENO, text, length);
		if (written <= 0)
			return;
		text += written;
		length -= (size_t)written;
	}
}

void message_print(const char *format, ...)
{
	char text[4096];
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;

	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);
	if (out == NULL)
		return;
	fputs("opsan: ", out);
	span_print(out, span_from(text));
	fputc('\n', out);
	if (fclose(out) == 0)
		write_all(line, size);
	free(line);
}
