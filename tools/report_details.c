/* The end of a verbose report: processes, settings, and where each module's symbols came from. */
#include "report.h"

#include <inttypes.h>

static void write_process(FILE *out, const struct process *process)
{
	fprintf(out, "  process %" PRIu32 "  ", process->pid);
	span_print(out, process->fields.executable);
	fputs("\n    opsan ", out);
	span_print(out, process->fields.version);
	fputs(", kernel ", out);
	span_print(out, process->fields.kernel);
	fputs(", libc ", out);
	span_print(out, process->fields.libc);
	fputs("\n    options ", out);
	span_print(out, process->fields.options);
	fputc('\n', out);
	for (size_t i = 0; process->segment != NULL && i < process->segment->setting_count; i++) {
		fputs("    ", out);
		span_print(out, process->segment->settings[i].name);
		fputs(" = ", out);
		span_print(out, process->segment->settings[i].value);
		fputc('\n', out);
	}
}

static void write_source(FILE *out, const struct symbol_source *source)
{
	fputs("  module ", out);
	span_print(out, source->module->path.length == 0 ? span_from("[vdso]") : source->module->path);
	fputs("  build id ", out);
	for (size_t i = 0; i < source->module->build_id.length && i < 20; i++)
		fprintf(out, "%02x", (unsigned char)source->module->build_id.bytes[i]);
	fputs(source->module->build_id.length == 0 ? "none\n" : "\n", out);
	if (source->debug != NULL) {
		fputs("    debug information from ", out);
		span_print(out, span_from(source->debug));
		fputc('\n', out);
	}
	if (source->problem != NULL) {
		fputs("    ", out);
		span_print(out, span_from(source->problem));
		fputc('\n', out);
	}
}

void report_write_details(FILE *out, struct report *report)
{
	struct symbol_source *sources;
	fprintf(out, "\n%sDETAILS%s\n", report->style.title, report->style.end);
	for (size_t i = 0; i < report->model.process_count; i++)
		write_process(out, report->model.processes[i]);
	size_t count = symbolizer_sources(report->symbolizer, &report->model.pool, &sources);
	for (size_t i = 0; i < count; i++)
		write_source(out, &sources[i]);
}
