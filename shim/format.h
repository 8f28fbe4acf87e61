/* The record file: what the library writes and the command reads. docs/record-format.md is its
 * specification; a change here changes that page and FORMAT_MINOR (something was added) or
 * FORMAT_MAJOR (an older reader would misread it).
 *
 * A file is a file_header, then frames. A frame is a frame_header and `length` bytes of fields.
 * A field is a field_header and `length` bytes, padded with zeros to a multiple of 8. All numbers
 * are little endian. A reader skips frame types and fields that it does not know. */
#ifndef OPSAN_FORMAT_H
#define OPSAN_FORMAT_H

#include <assert.h>
#include <stdint.h>

enum { FORMAT_MAJOR = 1, FORMAT_MINOR = 0 };
enum { FRAME_MAGIC = 0x4653504f }; /* "OPSF" */
enum { FRAME_MAX = 1 << 20 };      /* bytes of fields; a larger length is damage */

static const char file_magic[8] = {'O', 'P', 'S', 'A', 'N', 'R', 'E', 'C'};

struct file_header {
	char magic[8];
	uint16_t major, minor;
	uint32_t reserved;
};
static_assert(sizeof(struct file_header) == 16, "file format");

struct frame_header {
	uint32_t magic;
	uint32_t length; /* bytes of fields that follow */
	uint32_t crc;    /* zlib's crc32 of this header with crc = 0, and of the fields */
	uint16_t type;   /* enum frame_type */
	uint16_t reserved;
	uint32_t pid;
	uint32_t sequence; /* counts the frames of a process from 1; a gap is a loss */
	uint64_t time_ns;  /* CLOCK_REALTIME */
};
static_assert(sizeof(struct frame_header) == 32, "file format");

struct field_header {
	uint16_t tag; /* enum field_tag */
	uint16_t reserved;
	uint32_t length; /* bytes, without the padding */
};
static_assert(sizeof(struct field_header) == 8, "file format");

enum frame_type {
	FRAME_PROCESS = 1, /* who writes: first frame of each process */
	FRAME_MODULES = 2, /* all loaded ELF objects; a later one replaces it for what follows */
	FRAME_SEGMENT = 3, /* OPcache's segment was taken over */
	FRAME_RESTART = 4, /* OPcache restarted */
	FRAME_STALE = 5,   /* a stale access: memory of an earlier generation was used */
	FRAME_NOTICE = 6,  /* something that a reader must know to judge the rest */
};

/* N: unsigned number, 8 bytes. S: text, not terminated, not necessarily UTF-8. G: group of fields.
 * A: array of 8-byte numbers. B: bytes. */
enum field_tag {
	/* in FRAME_PROCESS */
	FIELD_VERSION = 1,    /* S opsan's version */
	FIELD_EXECUTABLE = 2, /* S path */
	FIELD_KERNEL = 3,     /* S release */
	FIELD_OPTIONS = 4,    /* S options in force, name=value:… */
	FIELD_LIBC = 5,       /* S version */
	FIELD_COMMAND = 6,    /* S name of the process (comm), no arguments: they can hold secrets */

	/* in FRAME_MODULES: */
	FIELD_MODULE = 10,   /* G repeated */
	FIELD_PATH = 11,     /* S in it: path; empty: the kernel's vdso */
	FIELD_BASE = 12,     /* N load bias: address in memory - address in the file */
	FIELD_START = 13,    /* N lowest address */
	FIELD_END = 14,      /* N one past the highest address */
	FIELD_BUILD_ID = 15, /* B */

	/* in FRAME_SEGMENT: */
	FIELD_PHP_VERSION = 20, /* S such as 8.4.24 */
	FIELD_PHP_ABI = 21,     /* S zend_extension build id, such as API420240924,TS */
	FIELD_LAYOUT = 22,      /* S row of the layout table that was verified */
	FIELD_ADDRESS = 23,     /* N of the segment (also: of an access, in FRAME_STALE) */
	FIELD_SIZE = 24,        /* N bytes */
	FIELD_SETTING = 25,     /* G repeated: FIELD_NAME, FIELD_VALUE: opcache.* from php.ini */
	FIELD_NAME = 26,        /* S */
	FIELD_VALUE = 27,       /* S */
	FIELD_RESERVED = 28,    /* N bytes of address space */

	/* in FRAME_RESTART: */
	FIELD_NUMBER = 30,         /* N 1 for the first; generation NUMBER begins, NUMBER - 1 ends */
	FIELD_REASON = 31,         /* N enum restart_reason */
	FIELD_PAUSE_NS = 32,       /* N what opsan itself added under OPcache's lock */
	FIELD_RESTART_NS = 33,     /* N from OPcache's beginning of the restart to its end */
	FIELD_MEMORY_TOTAL = 34,   /* N bytes, at the beginning of the restart, as PHP counts them */
	FIELD_MEMORY_USED = 35,    /* N */
	FIELD_MEMORY_FREE = 36,    /* N */
	FIELD_MEMORY_WASTED = 37,  /* N */
	FIELD_STRINGS_TOTAL = 38,  /* N bytes of the interned strings' buffer; 0: no buffer */
	FIELD_STRINGS_USED = 39,   /* N */
	FIELD_STRINGS_COUNT = 40,  /* N */
	FIELD_SCRIPTS = 41,        /* N cached scripts */
	FIELD_KEYS = 42,           /* N entries of the hash table */
	FIELD_KEYS_MAX = 43,       /* N */
	FIELD_REQUESTED_BY = 44,   /* G a thread group: who asked for it. Absent: not known */
	FIELD_IN_FLIGHT = 45,      /* G repeated: a thread group, every other thread inside a request */
	FIELD_WAITED_NS = 46,      /* N how long the restart was held back, absent: not at all */
	FIELD_SLOTS = 47,          /* N map_ptr_last after the restart */
	FIELD_REWOUND = 48,        /* N 1: slots were given back in this restart */
	FIELD_KEPT_BYTES = 49,     /* N memory kept for old generations after this restart */
	FIELD_RECYCLED = 50,       /* N generations given back so far */
	FIELD_CARRIED_OUT_BY = 51, /* G a thread group: the request in whose start it happened */

	/* a thread group: */
	FIELD_THREAD = 60,         /* G */
	FIELD_TID = 61,            /* N */
	FIELD_THREAD_NAME = 62,    /* S */
	FIELD_METHOD = 63,         /* S of the request; absent: outside a request */
	FIELD_URI = 64,            /* S */
	FIELD_SINCE_NS = 65,       /* N since when the request runs (age at this event) */
	FIELD_BEGAN_IN = 66,       /* N generation in which the request began */
	FIELD_PHP_FRAME = 67,      /* G repeated, innermost first */
	FIELD_FUNCTION = 68,       /* S in it: name; "{main}", "{closure}" as PHP has it */
	FIELD_CLASS = 69,          /* S in it: class name, absent: a plain function */
	FIELD_FILE = 70,           /* S in it: absent: an internal function */
	FIELD_LINE = 71,           /* N in it */
	FIELD_NATIVE = 72,         /* A addresses, innermost first; all but the first are return addresses */
	FIELD_TRUNCATED = 73,      /* N 1: the stack goes on beyond what is recorded */
	FIELD_PHP_UNREADABLE = 74, /* N 1: the PHP stack could not be read to its end */

	/* in FRAME_STALE, with FIELD_ADDRESS, FIELD_THREAD (with stacks): */
	FIELD_ACCESS = 80,         /* N enum access_kind */
	FIELD_VIA = 81,            /* N enum access_via */
	FIELD_OBJECT = 82,         /* N enum object_kind */
	FIELD_OBJECT_ADDRESS = 83, /* N start of the object; absent: not known */
	FIELD_OBJECT_SIZE = 84,    /* N bytes */
	FIELD_OBJECT_TEXT = 85,    /* S a script's path, or an interned string's text (cut at 128 bytes) */
	FIELD_GENERATION = 86,     /* N the object's */
	FIELD_STALE_SINCE = 87,    /* N number of the restart that made it stale */
	FIELD_STALE_NS = 88,       /* N how long ago that was */
	FIELD_CURRENT = 90,        /* N generation that was current */
	FIELD_HANDLER_NS = 92,     /* N processor time of the handler up to the writing of this record */

	/* in FRAME_NOTICE: */
	FIELD_NOTICE = 100, /* N enum notice */
	FIELD_TEXT = 101,   /* S a sentence for people */
	FIELD_COUNT = 102,  /* N what is counted by it */

	/* in any frame after a loss: */
	FIELD_LOST = 110, /* N records that could not be written so far */
};

enum restart_reason { RESTART_OOM = 0, RESTART_HASH = 1, RESTART_USER = 2 };
enum access_kind { ACCESS_UNKNOWN = 0, ACCESS_READ = 1, ACCESS_WRITE = 2, ACCESS_EXECUTE = 3 };
enum access_via {
	VIA_CPU = 0,    /* a fault of the program's own instruction */
	VIA_KERNEL = 1, /* a system call was given the address */
	VIA_OUTPUT = 2, /* a response was being written out of it when the restart came */
};
enum object_kind {
	OBJECT_UNKNOWN = 0,
	OBJECT_SCRIPT = 1,    /* block of a cached script */
	OBJECT_STRING = 2,    /* interned string */
	OBJECT_HASH = 3,      /* OPcache's own hash table of scripts */
	OBJECT_JIT = 4,       /* machine code or its tables */
	OBJECT_ALLOCATOR = 5, /* between scripts: keys, inheritance cache, the JIT's per-function data */
	OBJECT_RECYCLED = 6,  /* the memory was given back: its content is gone */
	OBJECT_GUARD = 7,     /* a guard page: nothing was ever there */
};
enum notice {
	NOTICE_DISABLED = 1,      /* opsan stepped back: the text says why */
	NOTICE_WAIT = 2,          /* a restart is held back */
	NOTICE_SLOTS_KEPT = 3,    /* the slots' bound was passed but nobody let it be rewound */
	NOTICE_STRINGS_FULL = 4,  /* no string area within reach: strings go into the data area */
	NOTICE_LINK_REMOVED = 5,  /* a key that led to an old generation was taken out of the hash */
	NOTICE_STORE_REFUSED = 6, /* a store into opcache.file_cache straddled a restart */
	NOTICE_GUARD_FAILED = 7,  /* mprotect failed: a generation stays open */
	NOTICE_JIT_FULL = 8,      /* the JIT's buffer or its traces are used up */
	NOTICE_HANDLER_FAULT = 9, /* a fault inside opsan's own handler */
	NOTICE_GUARD = 10,        /* an access hit a guard page */
};

#endif
