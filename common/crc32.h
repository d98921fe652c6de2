/* SPDX-License-Identifier: MIT */
#ifndef CRC32_H
#define CRC32_H

#include <stddef.h>
#include <stdint.h>

/*
 * CRC-32 of IEEE 802.3 (polynomial 0xedb88320, as in zlib) of `size` bytes. It
 * continues from `crc`, which is 0 to begin.
 */
uint32_t crc32_update(uint32_t crc, const void *data, size_t size);

#endif
