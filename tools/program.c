#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

static void read_script(const char *line, struct program *program)
{
	line += 2 + strspn(line + 2, " \t");
	size_t length = strcspn(line, " \t\r\n");
	snprintf(program->interpreter, sizeof program->interpreter, "%.*s", (int)length, line);
	line += length;
	line += strspn(line, " \t");
	length = strcspn(line, "\r\n");
	while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
		length--;
	snprintf(program->argument, sizeof program->argument, "%.*s", (int)length, line);
}

static void read_elf(int file, struct program *program)
{
	GElf_Ehdr header;
	GElf_Phdr segment;
	size_t count = 0;
	elf_version(EV_CURRENT);
	Elf *elf = elf_begin(file, ELF_C_READ, NULL);
	if (elf == NULL || gelf_getehdr(elf, &header) == NULL || elf_getphdrnum(elf, &count) != 0) {
		program->kind = PROGRAM_UNKNOWN;
		elf_end(elf);
		return;
	}
	program->machine = header.e_machine;
	program->bits = header.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
	for (int i = 0; i < (int)count; i++) {
		if (gelf_getphdr(elf, i, &segment) == NULL || segment.p_type != PT_INTERP)
			continue;
		size_t length = segment.p_filesz < PATH_MAX ? (size_t)segment.p_filesz : PATH_MAX - 1;
		if (pread(file, program->loader, length, (off_t)segment.p_offset) < 0)
			program->loader[0] = '\0';
	}
	elf_end(elf);
}

void program_read(const char *path, struct program *program)
{
	char begin[512] = {0};
	*program = (struct program){.kind = PROGRAM_UNREADABLE};
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (file < 0)
		return;
	ssize_t got = pread(file, begin, sizeof begin - 1, 0);
	if (got >= 0)
		program->kind = PROGRAM_UNKNOWN;
	if (got >= 4 && memcmp(begin, ELFMAG, SELFMAG) == 0) {
		program->kind = PROGRAM_ELF;
		read_elf(file, program);
	} else if (got >= 2 && begin[0] == '#' && begin[1] == '!') {
		program->kind = PROGRAM_SCRIPT;
		read_script(begin, program);
	}
	int reason = errno;
	close(file);
	errno = reason;
}

/* In the order of linux/capability.h. */
static const char *const capability_names[] = {
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
};

static void append_name(char *text, size_t room, size_t number)
{
	size_t used = strlen(text);
	const char *comma = used > 0 ? "," : "";
	if (number < sizeof capability_names / sizeof capability_names[0])
		snprintf(text + used, room - used, "%scap_%s", comma, capability_names[number]);
	else
		snprintf(text + used, room - used, "%s%zu", comma, number);
}

void program_capabilities(const char *path, char *text, size_t room)
{
	struct vfs_ns_cap_data data = {0};
	text[0] = '\0';
	ssize_t got = getxattr(path, "security.capability", &data, sizeof data);
	if (got < (ssize_t)offsetof(struct vfs_ns_cap_data, data[1]))
		return;
	bool is_long = got >= (ssize_t)offsetof(struct vfs_ns_cap_data, rootid);
	uint64_t permitted = data.data[0].permitted | (is_long ? (uint64_t)data.data[1].permitted << 32 : 0);
	uint64_t inheritable = data.data[0].inheritable | (is_long ? (uint64_t)data.data[1].inheritable << 32 : 0);
	for (size_t i = 0; i < 64; i++)
		if ((permitted | inheritable) >> i & 1)
			append_name(text, room, i);
	size_t used = strlen(text);
	snprintf(text + used, room - used, "=%s%s%s", data.magic_etc & VFS_CAP_FLAGS_EFFECTIVE ? "e" : "",
	         inheritable != 0 ? "i" : "", permitted != 0 ? "p" : "");
}
