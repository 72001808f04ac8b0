// The processor's hint that a loop is only waiting for another core's write.
#ifndef CLINUX_PAUSE_H
#define CLINUX_PAUSE_H

static inline void clinux_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
    __asm__ __volatile__("yield" ::: "memory");
#else
    __asm__ __volatile__("" ::: "memory");
#endif
}
#endif
