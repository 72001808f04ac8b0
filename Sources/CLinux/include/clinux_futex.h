// Parking a thread on a 32-bit word of its own process; see futex(2).
#ifndef CLINUX_FUTEX_H
#define CLINUX_FUTEX_H
#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

// Declared here, since <unistd.h> and <time.h> would make this module, instead of Glibc's, the home of what they declare,
// and files that import only Glibc could then not use timespec in inlinable code.
extern long syscall(long number, ...);

// Sleeps while *word == expected, at most `nanoseconds` (no limit if negative). Returns 0 when woken (perhaps for no
// reason), or -1 with errno EAGAIN (the word differs already), EINTR or ETIMEDOUT.
static inline int clinux_futex_wait(const void *word, uint32_t expected, int64_t nanoseconds) {
    struct { long seconds, nanoseconds; } limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    return (int)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, nanoseconds < 0 ? NULL : &limit, NULL, 0);
}

// Wakes at most `count` sleepers; returns how many, or -1 with errno.
static inline int clinux_futex_wake(const void *word, int count) {
    return (int)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

// Wakes every sleeper; returns how many, or -1 with errno.
static inline int clinux_futex_wake_all(const void *word) { return clinux_futex_wake(word, INT_MAX); }
#endif
