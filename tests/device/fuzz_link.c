/*
 * Feeds the device's link with bytes that a host would never send, under the sanitizers: random ones, and valid
 * frames with random and hostile fields, whole and damaged. Usage: fuzz_link SEED ROUNDS. With libFuzzer:
 * clang -fsanitize=fuzzer,address,undefined -DSDK_LIBFUZZER.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "sdk/firmware.h"
#include "sdk/frame.h"
#include "sdk/port.h"

#define PAYLOAD (12u + SDK_LINK_BODY + 40u)

static uint64_t sent;
static uint32_t sequence; /* of the request run last, as far as the device told */

/* What the device sends must be one whole frame. */
void port_write(const uint8_t *data, size_t bytes)
{
    static uint8_t reply[PAYLOAD + SDK_FRAME_CRC];
    sdk_frame_receiver receiver = {.buffer = reply, .capacity = sizeof reply};
    int32_t received = 0;

    for (size_t i = 0; i < bytes; i++) {
        if (received != 0) {
            abort();
        }
        received = sdk_frame_receive(&receiver, data[i]);
        sent = sent * 31 + data[i];
    }
    if (received < 12) {
        abort();
    }
    if (reply[1] == 0x80) {
        sequence = sdk_get_u32(reply + 4) - 1;
    }
}

void port_reset(int to_boot_loader)
{
    (void)to_boot_loader;
}

uint64_t port_cycles(void)
{
    return sent;
}

uint64_t port_micros(void)
{
    return sent;
}

uint32_t port_clock_hz(void)
{
    return 1;
}

const uint8_t *port_unique_id(size_t *bytes)
{
    static const uint8_t id[40];
    *bytes = sizeof id; /* longer than is told */
    return id;
}

void port_stack(uint8_t **low, uint8_t **high)
{
    *low = NULL;
    *high = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        sdk_link_receive(data[i]);
    }
    return 0;
}

#ifndef SDK_LIBFUZZER

static uint64_t state;

/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
static uint32_t draw(uint32_t below)
{
    state += 0x9e3779b97f4a7c15u;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 33) % below;
}

/* A small number, or one near a border. */
static uint32_t number(void)
{
    if (draw(3) != 0) {
        return draw(3);
    }
    static const uint32_t borders[] = {0, 1, 2, 3, 8, 16, 64, 500, 512, 2500, 3000, 0x7fffffff, 0x80000000, 0xfffffff0};
    return borders[draw(sizeof borders / sizeof borders[0])] + draw(3) - 1;
}

/* Size of the body of a request that means something, by command. */
static uint32_t usual_bytes(uint8_t command)
{
    static const uint8_t bytes[] = {0, 0, 4, 0, 4, 12, 12, 8, 0, 0, 0};
    if (command == 3) {
        return draw(2) == 0 ? 8 + 16 : 8 + 1; /* whole inputs of two of the models */
    }
    return command < sizeof bytes ? bytes[command] : draw(24);
}

static void feed_frame(void)
{
    static uint32_t nonce = 1;
    static uint8_t frame[SDK_FRAME_BUFFER(PAYLOAD)];
    uint8_t *const payload = frame + SDK_FRAME_LEAD(PAYLOAD);
    const uint8_t command = (uint8_t)(draw(20) == 0 ? draw(256) : draw(3) == 0 ? 3 + draw(2) : draw(11));
    const uint32_t body = draw(6) == 0 ? draw(SDK_LINK_BODY + 40) : usual_bytes(command);
    const bool whole_input = draw(2) == 0;
    const bool hello = command == 1;

    if (hello && draw(10) == 0) {
        nonce++;
    }
    for (uint32_t i = 0; i < 12 + body; i++) {
        payload[i] = (uint8_t)draw(256);
    }
    for (uint32_t at = 12; at + 4 <= 12 + body && at < 24; at += 4) {
        sdk_put_u32(payload + at, whole_input && at < 20 ? 0 : number());
    }
    payload[0] = (uint8_t)(draw(50) != 0);
    payload[1] = command;
    payload[3] = (uint8_t)(draw(20) == 0 ? draw(256) : draw(3));
    sdk_put_u32(payload + 4, hello || draw(10) != 0 ? ++sequence : draw(2) == 0 ? sequence - draw(10) : number());
    sdk_put_u32(payload + 8, draw(100) == 0 ? number() : nonce);
    size_t bytes = sdk_frame_encode(frame, SDK_FRAME_LEAD(PAYLOAD), 12 + body);
    if (draw(5) == 0) {
        frame[draw((uint32_t)bytes)] = (uint8_t)draw(256);
    }
    if (draw(10) == 0) {
        bytes = draw((uint32_t)bytes);
    }
    (void)LLVMFuzzerTestOneInput(frame, bytes);
}

static void feed_rubbish(void)
{
    const uint32_t zeros = 1 + draw(600);
    for (uint32_t left = draw(4000); left > 0; left--) {
        sdk_link_receive(draw(zeros) == 0 ? 0 : (uint8_t)draw(256));
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        return 2;
    }
    state = strtoull(argv[1], NULL, 0);
    for (unsigned long rounds = strtoul(argv[2], NULL, 0); rounds > 0; rounds--) {
        if (draw(200) == 0) {
            feed_rubbish();
        } else {
            feed_frame();
        }
    }
    printf("%016llx\n", (unsigned long long)sent);
    return 0;
}

#endif
