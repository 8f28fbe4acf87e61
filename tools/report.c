#include "report.h"

#include "message.h"
#include "record_file.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct report_options {
	bool json, verbose;
	enum style_choice style;
	const char *debug_directory;
};

static const char help[] =
    "Usage: opsan report [OPTIONS] FILE…\n"
    "Shows what a record file holds: what happened, every restart of OPcache, every stale access.\n"
    "\n"
    "  --format=text|json      for people (the default), or for programs (docs/report-json.md)\n"
    "  --verbose               all restarts and requests, modules, settings, how frames were resolved\n"
    "  --color=auto|always|never\n"
    "  --debug-dir=DIR         look here too for debug information (DIR/.build-id/…)\n"
    "\n"
    "Exit status: 0, 1 if a file could not be read, 2 for a wrong command line.\n";

static bool set_format(struct report_options *options, const char *value)
{
	options->json = strcmp(value, "json") == 0;
	if (options->json || strcmp(value, "text") == 0)
		return true;
	message_print("--format=%s: not a format; use text or json", value);
	return false;
}

static bool set_colour(struct report_options *options, const char *value)
{
	static const char *const names[] = {[STYLE_AUTO] = "auto", [STYLE_ALWAYS] = "always", [STYLE_NEVER] = "never"};
	for (int i = STYLE_AUTO; i <= STYLE_NEVER; i++) {
		if (strcmp(value, names[i]) != 0)
			continue;
		options->style = (enum style_choice)i;
		return true;
	}
	message_print("--color=%s: not a choice; use auto, always or never", value);
	return false;
}

static bool set_debug_directory(struct report_options *options, const char *value)
{
	struct stat status;
	options->debug_directory = value;
	if (strchr(value, ':') != NULL) {
		message_print("--debug-dir=%s: the path has a colon in it; use a path without one (a symbolic link will do)",
		              value);
		return false;
	}
	if (stat(value, &status) == 0 && S_ISDIR(status.st_mode))
		return true;
	message_print("--debug-dir=%s: not a directory; give the one that holds .build-id", value);
	return false;
}

/* 0: go on; otherwise the exit status plus one. */
static int parse_options(int count, char **arguments, struct report_options *options)
{
	static const struct option known[] = {
	    {"format", required_argument, NULL, 'f'}, {"verbose", no_argument, NULL, 'v'},
	    {"color", required_argument, NULL, 'c'},  {"debug-dir", required_argument, NULL, 'd'},
	    {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
	};
	int letter;
	optind = 1;
	opterr = 0;
	while ((letter = getopt_long(count, arguments, "vh", known, NULL)) != -1) {
		bool good = true;
		switch (letter) {
		case 'f': good = set_format(options, optarg); break;
		case 'v': options->verbose = true; break;
		case 'c': good = set_colour(options, optarg); break;
		case 'd': good = set_debug_directory(options, optarg); break;
		case 'h': fputs(help, stdout); return STATUS_OK + 1;
		default:
			message_print("%s: not an option of \"opsan report\", or its value is missing; see \"opsan report --help\"",
			              arguments[optind - 1]);
			good = false;
		}
		if (!good)
			return STATUS_USAGE + 1;
	}
	return 0;
}

static void read_model(struct report *report)
{
	struct frame frame;
	while (reader_next(&report->reader, &frame, true))
		model_add(&report->model, &frame);
	model_finish(&report->model);
}

static bool report_file(const char *path, const struct report_options *options, struct symbolizer *symbolizer)
{
	struct report report = {
	    .path = path,
	    .symbolizer = symbolizer,
	    .verbose = options->verbose,
	    .style = style_choose(options->style, STDOUT_FILENO),
	};
	char *bytes;
	bool good = record_file_load(path, &bytes, &report.reader);
	if (good) {
		read_model(&report);
		findings_collect(&report.findings, &report.model, symbolizer);
		if (options->json)
			report_write_json(stdout, &report);
		else
			report_write_text(stdout, &report);
		findings_clear(&report.findings);
		model_clear(&report.model);
	}
	free(bytes);
	return good;
}

int report_main(int count, char **arguments)
{
	struct report_options options = {0};
	int stop = parse_options(count, arguments, &options);
	if (stop != 0)
		return stop - 1;
	if (optind == count) {
		message_print("no record file was given; use \"opsan report FILE\", FILE is the opsan.<pid>.rec of a run");
		return STATUS_USAGE;
	}
	struct symbolizer *symbolizer = symbolizer_create(options.debug_directory);
	int status = STATUS_OK;
	bool several = count - optind > 1 && !options.json;
	for (int i = optind; i < count; i++) {
		if (several)
			printf("%s==> ", i > optind ? "\n" : "");
		if (several)
			span_print(stdout, span_from(arguments[i]));
		if (several)
			puts(" <==");
		fflush(stdout);
		if (!report_file(arguments[i], &options, symbolizer))
			status = STATUS_FAILED;
	}
	symbolizer_destroy(symbolizer);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		message_print("the report could not be written: %s; check where the output goes", strerror(errno));
		return STATUS_FAILED;
	}
	return status;
}
