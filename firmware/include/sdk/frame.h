/*
 * Frames on the wire: 0x00, COBS(payload, CRC-32 of the payload, little-endian), 0x00.
 *
 * Consistent Overhead Byte Stuffing (Cheshire and Baker, IEEE/ACM Transactions on Networking 7(2), 1999) keeps 0x00
 * for the delimiter alone, so a receiver finds the next frame after any rubbish. The CRC is IEEE 802.3's: reflected,
 * polynomial 0x04c11db7, initial value and final XOR 0xffffffff.
 */
#ifndef SDK_FRAME_H
#define SDK_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SDK_FRAME_CRC 4u

/* Bytes that must stay free before a payload of up to payload_max bytes that is encoded in place. */
#define SDK_FRAME_LEAD(payload_max) (2u + ((payload_max) + SDK_FRAME_CRC) / 254u)

/* Size of a buffer that holds such a payload and its frame. */
#define SDK_FRAME_BUFFER(payload_max) (SDK_FRAME_LEAD(payload_max) + (payload_max) + SDK_FRAME_CRC + 1u)

/* A receiver; set buffer and capacity (payload and CRC), and the rest to zero. */
typedef struct {
    uint8_t *buffer;
    size_t capacity;
    size_t length;     /* bytes decoded so far */
    uint8_t remaining; /* bytes until the next code byte */
    bool zero_due;     /* the next code byte stands for a zero in the payload */
    bool corrupt;      /* too long, or cut inside a block */
} sdk_frame_receiver;

/*
 * Takes the next byte from the wire. Returns the payload's size, 1 or more, when the byte ends a valid frame: the
 * payload is then in the buffer until the next call. Returns -1 when the byte ends a corrupt frame, else 0.
 */
int32_t sdk_frame_receive(sdk_frame_receiver *receiver, uint8_t byte);

/*
 * Makes a frame in place. The payload is at buffer + lead with lead >= SDK_FRAME_LEAD(bytes), and SDK_FRAME_CRC + 1
 * bytes are free behind it. The frame starts at buffer; returns its size.
 */
size_t sdk_frame_encode(uint8_t *buffer, size_t lead, size_t bytes);

/* CRC-32 of the data. */
uint32_t sdk_crc32(const uint8_t *data, size_t bytes);

/* Little-endian numbers at any alignment. */
uint32_t sdk_get_u32(const uint8_t *from);
void sdk_put_u32(uint8_t *to, uint32_t value);
void sdk_put_u64(uint8_t *to, uint64_t value);

#endif
