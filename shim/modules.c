/* modules_iterate, modules_find and modules_can_unwind may run in a signal handler. */
#include "modules.h"

#include <elf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "real.h"

enum { MODULES_MAX = 512, SNAPSHOTS = 2 };

struct snapshot {
	size_t count;
	struct module modules[MODULES_MAX];
};

/* Two: a handler reads the one while the next is made in the other. A handler would have to stay in
 * its loop during two dlopens to see one change. */
static struct snapshot snapshots[SNAPSHOTS];
static _Atomic(struct snapshot *) current = &snapshots[0];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void find_build_id(struct module *m, uintptr_t notes, size_t bytes)
{
	while (bytes >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *n = (const ElfW(Nhdr) *)notes;
		size_t name = (n->n_namesz + 3U) & ~3U, size = sizeof *n + name + ((n->n_descsz + 3U) & ~3U);
		if (size > bytes) {
			return;
		}
		if (n->n_type == NT_GNU_BUILD_ID && n->n_namesz == 4 && n->n_descsz <= sizeof m->build_id &&
		    memcmp((const char *)(n + 1), "GNU", 4) == 0) {
			m->build_id_bytes = n->n_descsz;
			memcpy(m->build_id, (const char *)(n + 1) + name, n->n_descsz);
			return;
		}
		notes += size;
		bytes -= size;
	}
}

static void copy_headers(struct module *m, const struct dl_phdr_info *info)
{
	size_t n = info->dlpi_phnum < 24 ? info->dlpi_phnum : 24;

	memcpy(m->phdr, info->dlpi_phdr, n * sizeof m->phdr[0]);
	m->info = *info;
	m->info.dlpi_phdr = m->phdr;
	m->info.dlpi_phnum = (ElfW(Half))n;
	m->info.dlpi_name = m->path;
	m->base = info->dlpi_addr;
	m->start = UINTPTR_MAX;
	for (size_t i = 0; i < n; i++) {
		uintptr_t start = m->base + m->phdr[i].p_vaddr;
		if (m->phdr[i].p_type == PT_LOAD) {
			m->start = start < m->start ? start : m->start;
			m->end = start + m->phdr[i].p_memsz > m->end ? start + m->phdr[i].p_memsz : m->end;
		} else if (m->phdr[i].p_type == PT_NOTE && !m->build_id_bytes) {
			find_build_id(m, start, m->phdr[i].p_memsz);
		}
	}
}

static int add(struct dl_phdr_info *info, size_t size, void *to)
{
	struct snapshot *s = to;
	struct module *m = &s->modules[s->count];

	(void)size;
	if (s->count == MODULES_MAX) {
		return 1;
	}
	*m = (struct module){.end = 0};
	if (s->count == 0 && info->dlpi_name[0] == '\0') {
		/* The program itself comes first, without a name. */
		ssize_t n = readlink("/proc/self/exe", m->path, sizeof m->path - 1);
		m->path[n > 0 ? n : 0] = '\0';
	} else if (info->dlpi_name[0] == '/') {
		snprintf(m->path, sizeof m->path, "%s", info->dlpi_name);
	}
	copy_headers(m, info);
	s->count++;
	return 0;
}

static bool same(const struct snapshot *a, const struct snapshot *b)
{
	for (size_t i = 0; a->count == b->count && i < a->count; i++) {
		if (a->modules[i].start != b->modules[i].start || strcmp(a->modules[i].path, b->modules[i].path) != 0) {
			return false;
		}
	}
	return a->count == b->count;
}

bool modules_refresh(void)
{
	struct snapshot *old, *new;
	bool changed;

	pthread_mutex_lock(&lock);
	old = atomic_load(&current);
	new = old == &snapshots[0] ? &snapshots[1] : &snapshots[0];
	new->count = 0;
	real_dl_iterate_phdr(add, new);
	changed = !same(old, new);
	atomic_store(&current, new);
	pthread_mutex_unlock(&lock);
	return changed;
}

void modules_each(void (*visit)(const struct module *, void *), void *argument)
{
	const struct snapshot *s = atomic_load(&current);

	for (size_t i = 0; i < s->count; i++) {
		visit(&s->modules[i], argument);
	}
}

int modules_iterate(int (*visit)(struct dl_phdr_info *, size_t, void *), void *argument)
{
	struct snapshot *s = atomic_load(&current);
	int stop = 0;

	for (size_t i = 0; i < s->count && !stop; i++) {
		stop = visit(&s->modules[i].info, sizeof s->modules[i].info, argument);
	}
	return stop;
}

const struct module *modules_find(uintptr_t address)
{
	const struct snapshot *s = atomic_load(&current);

	for (size_t i = 0; i < s->count; i++) {
		if (address >= s->modules[i].start && address < s->modules[i].end) {
			return &s->modules[i];
		}
	}
	return NULL;
}

bool modules_can_unwind(uintptr_t address)
{
	const struct module *m = modules_find(address);

	for (size_t i = 0; m && i < m->info.dlpi_phnum; i++) {
		if (m->phdr[i].p_type == PT_GNU_EH_FRAME) {
			return true;
		}
	}
	return false;
}

bool modules_is_program(const struct module *m)
{
	return m == &atomic_load(&current)->modules[0];
}

void modules_forked(void)
{
	pthread_mutex_init(&lock, NULL); /* another thread of the parent could have held it */
}
