/* What kind of program a file is, as far as preloading depends on it. */
#ifndef OPSAN_PROGRAM_H
#define OPSAN_PROGRAM_H

#include <limits.h>
#include <stddef.h>

enum program_kind {
	PROGRAM_UNREADABLE, /* errno says why */
	PROGRAM_ELF,
	PROGRAM_SCRIPT,  /* begins with #! */
	PROGRAM_UNKNOWN, /* execvp() gives it to /bin/sh */
};

struct program {
	enum program_kind kind;
	int machine, bits;     /* of an ELF file: EM_…, 32 or 64 */
	char loader[PATH_MAX]; /* of an ELF file: PT_INTERP; empty: static */
	char interpreter[256]; /* of a script */
	char argument[256];    /* of a script: the one argument that its first line may have */
};

void program_read(const char *path, struct program *program);

/* File capabilities in getcap's form ("cap_net_bind_service=ep"); an empty text: none. */
void program_capabilities(const char *path, char *text, size_t room);

#endif
