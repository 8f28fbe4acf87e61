/* Files get the mode that was asked for, with or without a name. */
#include "fault.h"

static unsigned mode(int fd)
{
	struct stat s;

	return fd >= 0 && fstat(fd, &s) == 0 ? s.st_mode & 07777 : 0;
}

int main(void)
{
	umask(0);
	say("%o\n", mode(open("/tmp", O_RDWR | O_TMPFILE, 0640)));
	say("%o\n", mode(open("a.bin", O_RDWR | O_CREAT | O_EXCL, 0604)));
	say("%d", open("a.bin", O_RDWR | O_CREAT | O_EXCL, 0604));
	say(" %s\n", name_of(errno));
	say("%d\n", open("a.bin", O_RDONLY | O_DIRECTORY) < 0 && errno == ENOTDIR);
	say("%d\n", rename("a.bin", "b") + link("b", "c") + symlink("b", "d") + unlink("b") + unlink("c") + unlink("d"));
	say("%d\n", mkdir("e", 0711) + chmod("e", 0700) + access("e", X_OK) + rmdir("e"));
	say("%d", open("none", O_RDONLY));
	say(" %s\n", name_of(errno));
}
