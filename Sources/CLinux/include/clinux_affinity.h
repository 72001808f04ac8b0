// Which processors the calling thread may run on; the CPU_* macros don't reach Swift. Raw system calls, so that
// nothing depends on _GNU_SOURCE being set before the first system header.
#ifndef CLINUX_AFFINITY_H
#define CLINUX_AFFINITY_H
#include <errno.h>
#include <sys/syscall.h>

extern long syscall(long number, ...); // as in clinux_futex.h, without <unistd.h>

#define CLINUX_AFFINITY_WORDS 16 /* 1,024 processors */
#define CLINUX_AFFINITY_BITS (8 * sizeof(unsigned long))

// Binds the calling thread to the processor at place `index` (modulo their number) among those it may run on now;
// returns that processor's number, or -1 with errno.
static inline int clinux_pin_thread(unsigned index) {
    unsigned long allowed[CLINUX_AFFINITY_WORDS] = {0}, wanted[CLINUX_AFFINITY_WORDS] = {0};
    if (syscall(SYS_sched_getaffinity, 0, sizeof allowed, allowed) < 0) return -1;
    unsigned count = 0;
    for (unsigned word = 0; word < CLINUX_AFFINITY_WORDS; word++) count += __builtin_popcountl(allowed[word]);
    if (count == 0) { errno = EINVAL; return -1; }
    index %= count;
    for (unsigned cpu = 0; cpu < CLINUX_AFFINITY_WORDS * CLINUX_AFFINITY_BITS; cpu++) {
        unsigned long bit = 1UL << (cpu % CLINUX_AFFINITY_BITS);
        if (!(allowed[cpu / CLINUX_AFFINITY_BITS] & bit) || index-- > 0) continue;
        wanted[cpu / CLINUX_AFFINITY_BITS] = bit;
        return syscall(SYS_sched_setaffinity, 0, sizeof wanted, wanted) < 0 ? -1 : (int)cpu;
    }
    errno = EINVAL;
    return -1;
}

// How many processors the calling thread may run on, or -1 with errno.
static inline int clinux_allowed_processors(void) {
    unsigned long allowed[CLINUX_AFFINITY_WORDS] = {0};
    if (syscall(SYS_sched_getaffinity, 0, sizeof allowed, allowed) < 0) return -1;
    int count = 0;
    for (unsigned word = 0; word < CLINUX_AFFINITY_WORDS; word++) count += __builtin_popcountl(allowed[word]);
    return count;
}
#endif
