/*
 * Checks the C framing from outside. Input: frames. Output: for each valid frame the frame of the same payload, made
 * by the C encoder; for each corrupt one the byte 'X'.
 */
#include <stdio.h>
#include <string.h>

#include "sdk/frame.h"

#define PAYLOAD 1200u

int main(void)
{
    static uint8_t rx[PAYLOAD + SDK_FRAME_CRC];
    static uint8_t tx[SDK_FRAME_BUFFER(PAYLOAD)];
    sdk_frame_receiver receiver = {.buffer = rx, .capacity = sizeof rx};
    int byte;

    while ((byte = getchar()) != EOF) {
        const int32_t bytes = sdk_frame_receive(&receiver, (uint8_t)byte);
        if (bytes < 0) {
            putchar('X');
        } else if (bytes > 0) {
            memcpy(tx + SDK_FRAME_LEAD(PAYLOAD), rx, (size_t)bytes);
            fwrite(tx, 1, sdk_frame_encode(tx, SDK_FRAME_LEAD(PAYLOAD), (size_t)bytes), stdout);
        }
    }
    return 0;
}
