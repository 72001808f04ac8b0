// CRC-32C (Castagnoli, RFC 3720 appendix B.4): the SSE 4.2 instruction where the processor has it, else a bitwise table.
#ifndef CLINUX_CRC32C_H
#define CLINUX_CRC32C_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t clinux_crc32c_software(uint32_t crc, const uint8_t *bytes, size_t count) {
    // A nibble table: 16 entries, two look-ups a byte.
    static const uint32_t table[16] = {
        0x00000000u, 0x105ec76fu, 0x20bd8edeu, 0x30e349b1u, 0x417b1dbcu, 0x5125dad3u, 0x61c69362u, 0x7198540du,
        0x82f63b78u, 0x92a8fc17u, 0xa24bb5a6u, 0xb21572c9u, 0xc38d26c4u, 0xd3d3e1abu, 0xe330a81au, 0xf36e6f75u,
    };
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        crc = (crc >> 4) ^ table[crc & 15];
        crc = (crc >> 4) ^ table[crc & 15];
    }
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static inline uint32_t clinux_crc32c_hardware(
    uint32_t crc, const uint8_t *bytes, size_t count) {
    uint64_t wide = crc;
    while (count >= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        wide = __builtin_ia32_crc32di(wide, word);
        bytes += 8;
        count -= 8;
    }
    crc = (uint32_t)wide;
    while (count > 0) {
        crc = __builtin_ia32_crc32qi(crc, *bytes);
        bytes++;
        count--;
    }
    return crc;
}
#endif

// Continues `crc` (0 at the start) over `count` bytes.
static inline uint32_t clinux_crc32c(uint32_t crc, const void *bytes, size_t count) {
    crc = ~crc;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) return ~clinux_crc32c_hardware(crc, (const uint8_t *)bytes, count);
#endif
    return ~clinux_crc32c_software(crc, (const uint8_t *)bytes, count);
}
#endif
