// The type of a file system, by its magic number.
#ifndef CLINUX_FILESYSTEM_H
#define CLINUX_FILESYSTEM_H
#include <sys/vfs.h>

// Stores the magic number (statfs(2)) of the file system that holds path; returns 0 or -1 with errno.
static inline int clinux_filesystem_magic(const char *path, unsigned int *magic) {
    struct statfs facts;
    if (statfs(path, &facts) != 0) return -1;
    *magic = (unsigned int)facts.f_type;
    return 0;
}
#endif
