#include "report.h"

#include "words.h"

#include <inttypes.h>

/* Debug information has the paths of the machine that built the program: the last components say
 * enough, and all of it is in the verbose report. */
static const char *short_path(const char *path, bool verbose)
{
	int slashes = 0;
	size_t length = span_from(path).length;
	if (verbose)
		return path;
	for (size_t i = length; i > 0; i--)
		if (path[i - 1] == '/' && ++slashes == 2)
			return path + i;
	return path;
}

static void write_place(FILE *out, const struct report *report, const struct symbol_place *place)
{
	if (place->inlined)
		fprintf(out, "%sinlined%s ", report->style.quiet, report->style.end);
	span_print(out, span_from(place->function));
	if (place->file != NULL) {
		fprintf(out, "  %s", report->style.quiet);
		span_print(out, span_from(short_path(place->file, report->verbose)));
		if (place->line > 0)
			fprintf(out, ":%d", place->line);
		fputs(report->style.end, out);
	}
}

static void write_module_place(FILE *out, const struct symbol *symbol)
{
	if (symbol->module == NULL) {
		fprintf(out, "0x%" PRIx64, symbol->address);
		return;
	}
	if (symbol->module->path.length == 0)
		fputs("[vdso]", out);
	else
		span_print(out, span_basename(symbol->module->path));
	fprintf(out, "+0x%" PRIx64, symbol->offset);
}

static void write_native_frame(FILE *out, const struct report *report, const struct symbol *symbol, size_t number)
{
	fprintf(out, "      #%-2zu ", number);
	for (size_t i = 0; i < symbol->place_count; i++) {
		if (i > 0)
			fputs("          ", out);
		write_place(out, report, &symbol->places[i]);
		if (symbol->place_count == 1 && symbol->places[0].file == NULL) {
			fputs("  ", out);
			write_module_place(out, symbol);
		}
		if (i + 1 < symbol->place_count)
			fputc('\n', out);
	}
	if (symbol->place_count == 0)
		write_module_place(out, symbol);
	if (symbol->why != NULL && (symbol->place_count == 0 || report->verbose)) {
		fprintf(out, "  %s(", report->style.quiet);
		span_print(out, span_from(symbol->why));
		fprintf(out, ")%s", report->style.end);
	}
	fputc('\n', out);
}

static void write_php_frame(FILE *out, const struct report *report, const struct php_frame *frame, size_t number)
{
	fprintf(out, "      #%-2zu ", number);
	words_print_php_function(out, frame);
	if (frame->file.bytes != NULL) {
		fprintf(out, "  %s", report->style.quiet);
		span_print(out, frame->file);
		if (frame->line != NUMBER_ABSENT)
			fprintf(out, ":%" PRIu64, frame->line);
		fputs(report->style.end, out);
	} else {
		fprintf(out, "  %sinternal%s", report->style.quiet, report->style.end);
	}
	fputc('\n', out);
}

void report_write_stacks(FILE *out, struct report *report, const struct module_set *modules,
                         const struct thread *thread)
{
	if (thread->php_count > 0)
		fputs("    PHP\n", out);
	for (size_t i = 0; i < thread->php_count; i++)
		write_php_frame(out, report, &thread->php[i], i);
	if (thread->php_unreadable == 1)
		fputs("      the PHP stack could not be read to its end\n", out);
	if (thread->native_count > 0)
		fputs("    native\n", out);
	for (size_t i = 0; i < thread->native_count; i++)
		write_native_frame(out, report, symbolizer_look_up(report->symbolizer, modules, thread->native[i], i > 0), i);
	if (thread->truncated == 1)
		fputs("      the stack goes on beyond what was recorded\n", out);
}

bool report_write_location(FILE *out, const struct thread *thread)
{
	for (size_t i = 0; i < thread->php_count; i++) {
		const struct php_frame *frame = &thread->php[i];
		if (frame->file.bytes == NULL)
			continue;
		span_print(out, frame->file);
		if (frame->line != NUMBER_ABSENT)
			fprintf(out, ":%" PRIu64, frame->line);
		return true;
	}
	return false;
}
