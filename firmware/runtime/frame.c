#include "sdk/frame.h"

uint32_t sdk_crc32(const uint8_t *data, size_t bytes)
{
    /* Four bits at a time: 64 bytes of table instead of 1024. */
    static const uint32_t table[16] = {
        0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu, 0x76dc4190u, 0x6b6b51f4u, 0x4db26158u, 0x5005713cu,
        0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu, 0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu,
    };
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < bytes; i++) {
        crc ^= data[i];
        crc = (crc >> 4) ^ table[crc & 15u];
        crc = (crc >> 4) ^ table[crc & 15u];
    }
    return ~crc;
}

uint32_t sdk_get_u32(const uint8_t *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

void sdk_put_u32(uint8_t *to, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
}

void sdk_put_u64(uint8_t *to, uint64_t value)
{
    sdk_put_u32(to, (uint32_t)value);
    sdk_put_u32(to + 4, (uint32_t)(value >> 32));
}

static void append(sdk_frame_receiver *receiver, uint8_t byte)
{
    if (receiver->length < receiver->capacity) {
        receiver->buffer[receiver->length++] = byte;
    } else {
        receiver->corrupt = true;
    }
}

/* The delimiter came: judges what was collected and starts afresh. */
static int32_t finish(sdk_frame_receiver *receiver)
{
    const size_t length = receiver->length;
    const bool empty = length == 0 && !receiver->corrupt && !receiver->zero_due && receiver->remaining == 0;
    const bool whole = !receiver->corrupt && receiver->remaining == 0 && length > SDK_FRAME_CRC;

    receiver->length = 0;
    receiver->remaining = 0;
    receiver->zero_due = false;
    receiver->corrupt = false;
    if (empty) {
        return 0;
    }
    const size_t bytes = length - SDK_FRAME_CRC;
    if (!whole || sdk_crc32(receiver->buffer, bytes) != sdk_get_u32(receiver->buffer + bytes)) {
        return -1;
    }
    return (int32_t)bytes;
}

int32_t sdk_frame_receive(sdk_frame_receiver *receiver, uint8_t byte)
{
    if (byte == 0) {
        return finish(receiver);
    }
    if (receiver->remaining > 0) {
        append(receiver, byte);
        receiver->remaining--;
        return 0;
    }
    if (receiver->zero_due) {
        append(receiver, 0);
    }
    receiver->remaining = (uint8_t)(byte - 1u);
    receiver->zero_due = byte != 0xff;
    return 0;
}

size_t sdk_frame_encode(uint8_t *buffer, size_t lead, size_t bytes)
{
    const uint8_t *in = buffer + lead;
    const uint8_t *const end = in + bytes + SDK_FRAME_CRC;
    sdk_put_u32(buffer + lead + bytes, sdk_crc32(in, bytes));

    uint8_t *out = buffer;
    *out++ = 0;
    uint8_t *code = out++;
    *code = 1;
    while (in < end) {
        const uint8_t byte = *in++;
        if (byte != 0) {
            *out++ = byte;
            (*code)++;
        }
        if (byte == 0 || (*code == 0xff && in < end)) {
            code = out++;
            *code = 1;
        }
    }
    *out++ = 0;
    return (size_t)(out - buffer);
}
