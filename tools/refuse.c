#include "refuse.h"

#include "message.h"
#include "program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCRIPT_DEPTH = 5 }; /* interpreters of interpreters; the kernel follows as many */

static bool is_executable(const char *path)
{
	struct stat status;
	if (stat(path, &status) != 0)
		return false;
	if (!S_ISREG(status.st_mode)) {
		errno = S_ISDIR(status.st_mode) ? EISDIR : EACCES;
		return false;
	}
	return access(path, X_OK) == 0;
}

/* As execvp() does: names with a slash are paths, others are looked up in PATH, and a file that may
 * not be executed does not end the search. */
static bool find_in_path(const char *command, char path[PATH_MAX])
{
	if (strchr(command, '/') != NULL) {
		snprintf(path, PATH_MAX, "%s", command);
		return is_executable(path);
	}
	const char *list = getenv("PATH");
	int reason = ENOENT;
	if (list == NULL)
		list = "/bin:/usr/bin";
	while (*command != '\0') {
		size_t length = strcspn(list, ":");
		snprintf(path, PATH_MAX, "%.*s%s%s", (int)length, list, length > 0 ? "/" : "", command);
		if (is_executable(path))
			return true;
		if (errno == EACCES)
			reason = EACCES;
		if (list[length] == '\0')
			break;
		list += length + 1;
	}
	errno = reason;
	return false;
}

static int refuse_missing(const char *command)
{
	if (errno == ENOENT || errno == ENOTDIR) {
		message_print("%s: command not found; check the name, or give its path", command);
		return STATUS_NOT_FOUND;
	}
	if (errno == EISDIR)
		message_print("%s: is a directory, not a command; give the path of the program in it", command);
	else
		message_print("%s: cannot be executed: %s; run \"chmod +x\" on it, or run it by its interpreter", command,
		              strerror(errno));
	return STATUS_REFUSED;
}

/* The loader ignores LD_PRELOAD in a program that gains privileges, without a word. */
static int refuse_privileged(const char *command, const char *path)
{
	struct stat status;
	char capabilities[512];
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 || stat(path, &status) != 0)
		return 0;
	bool other_user = (status.st_mode & S_ISUID) != 0 && status.st_uid != getuid();
	bool other_group = (status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && status.st_gid != getgid();
	if (other_user || other_group) {
		message_print("%s: LD_PRELOAD is ignored for a binary with the %s bit; run a copy of %s without it", command,
		              other_user ? "setuid" : "setgid", path);
		return STATUS_REFUSED;
	}
	program_capabilities(path, capabilities, sizeof capabilities);
	if (getuid() != 0 && capabilities[0] != '\0') {
		message_print(
		    "%s: LD_PRELOAD is ignored for a binary with file capabilities (%s); run \"setcap -r %s\" or start "
		    "it as root",
		    command, capabilities, path);
		return STATUS_REFUSED;
	}
	return 0;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash == NULL ? path : slash + 1;
}

static int refuse_elf(const char *command, const char *path, const struct program *program)
{
	struct program own;
	program_read("/proc/self/exe", &own);
	if (own.kind == PROGRAM_ELF && (program->machine != own.machine || program->bits != own.bits)) {
		message_print("%s: %s is built for another processor (or for %d bits) than libopsan.so; use the opsan that is "
		              "built for it",
		              command, path, program->bits);
		return STATUS_REFUSED;
	}
	if (program->loader[0] == '\0') {
		message_print(
		    "%s: %s is a static binary, nothing can be preloaded into it; use a dynamically linked build (for "
		    "FrankenPHP: the container image or the packages, not the static binary)",
		    command, path);
		return STATUS_REFUSED;
	}
	if (strncmp(base_name(program->loader), "ld-musl", 7) == 0) {
		message_print(
		    "%s: %s is linked against musl, libopsan.so against glibc; use a build for glibc (for containers: a "
		    "Debian image instead of Alpine)",
		    command, path);
		return STATUS_REFUSED;
	}
	if (own.loader[0] != '\0' && strcmp(base_name(program->loader), base_name(own.loader)) != 0) {
		message_print("%s: %s is loaded by %s, libopsan.so needs %s; use a build for that loader", command, path,
		              program->loader, own.loader);
		return STATUS_REFUSED;
	}
	return 0;
}

static int refuse_at_depth(const char *command, int depth);

/* "#!/usr/bin/env php": env is only the way to the program that matters. */
static int refuse_script(const char *command, const struct program *program, int depth)
{
	if (program->interpreter[0] == '\0' || depth >= SCRIPT_DEPTH) {
		message_print("%s: its first line names no interpreter that can be run; run it by its interpreter", command);
		return STATUS_REFUSED;
	}
	int status = refuse_at_depth(program->interpreter, depth + 1);
	const char *name = program->argument;
	bool is_name = name[0] != '\0' && name[0] != '-' && strpbrk(name, " \t=") == NULL;
	if (status == 0 && is_name && strcmp(base_name(program->interpreter), "env") == 0)
		status = refuse_at_depth(name, depth + 1);
	return status;
}

static int refuse_at_depth(const char *command, int depth)
{
	char path[PATH_MAX];
	struct program program;
	if (!find_in_path(command, path))
		return refuse_missing(command);
	program_read(path, &program);
	if (program.kind == PROGRAM_SCRIPT)
		return refuse_script(command, &program, depth);
	int status = refuse_privileged(command, path);
	/* What may be executed but not read is tried: there is nothing to hold against it. */
	if (status == 0 && program.kind == PROGRAM_ELF)
		status = refuse_elf(command, path, &program);
	return status;
}

int refuse_command(const char *command)
{
	return refuse_at_depth(command, 0);
}
