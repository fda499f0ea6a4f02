#include "link.h"

#include <string.h>

#include "harness.h"
#include "sdk/firmware.h"
#include "sdk/frame.h"
#include "sdk/port.h"
#include "stack.h"

#define PROTOCOL_VERSION 1u
#define HEADER 12u
#define PAYLOAD (HEADER + SDK_LINK_BODY)
#define LEAD SDK_FRAME_LEAD(PAYLOAD)
#define NAME_MAX 63u
#define BOARD_ID_MAX 31u
#define UNIQUE_ID_MAX 16u

/*
 * Bytes without a whole frame after which a rate that the host has set is given up: few until one frame has come at
 * that rate, then several times the longest frame, which a bad cable may damage.
 */
#define BAUD_TRIAL 64u
#define BAUD_PATIENCE (8u * sizeof rx)

/* Requests whose outcome is remembered for repeats; a power of two not below the largest window. */
#define HISTORY 8u

#if SDK_LINK_BODY < 128 || SDK_LINK_BODY > 4096 || SDK_LINK_WINDOW < 1 || SDK_LINK_WINDOW > 8
#error "SDK_LINK_BODY must be 128 to 4096 and SDK_LINK_WINDOW 1 to 8"
#endif

enum {
    NAK = 0,
    HELLO = 1,
    MODEL_INFO = 2,
    WRITE_INPUT = 3,
    INVOKE = 4,
    READ_OUTPUT = 5,
    READ_STEP = 6,
    STEP_CYCLES = 7,
    MEMORY = 8,
    RESET_STATE = 9,
    RESET = 10,
    CHECKSUM = 11,
    SET_BAUD = 12,
    REPLY = 0x80,
};

enum { FLAG_TIMED = 1, FLAG_BOOT_LOADER = 1 };
enum { HAS_CYCLES = 1, HAS_MICROS = 2, HAS_FAULT = 4, HAS_MARK = 8 };

typedef struct {
    uint8_t command;
    uint8_t flags;
    uint8_t model;
    uint32_t sequence;
    uint32_t nonce;
    const uint8_t *body;
    uint32_t bytes;
} request;

/* The session: which requests were run, and what their repeats must be told. */
static struct {
    uint32_t nonce; /* 0: none */
    uint32_t last;  /* sequence number of the request run last */
    uint8_t outcome[HISTORY];
    sdk_invocation invocation; /* result of the last INVOKE */
    uint32_t invoked;          /* and its sequence number */
} session;

static uint8_t rx[PAYLOAD + SDK_FRAME_CRC];
static uint8_t tx[SDK_FRAME_BUFFER(PAYLOAD)];
static uint8_t *const body = tx + LEAD + HEADER;
static struct {
    size_t patience; /* 0 at the rate of the start */
    size_t unheard;
} rate;
static sdk_frame_receiver receiver = {.buffer = rx, .capacity = sizeof rx};

__attribute__((weak)) const sdk_fault *port_fault(void)
{
    return NULL;
}

__attribute__((weak)) bool port_has_baud(uint32_t baud)
{
    (void)baud;
    return false;
}

__attribute__((weak)) void port_set_baud(uint32_t baud)
{
    (void)baud;
}

__attribute__((weak)) bool port_mark(bool on)
{
    (void)on;
    return false;
}

/* Origin and length of each memory that the image is loaded into, ended by a length of 0; from the linker script. */
extern const uint32_t __flash_regions[] __attribute__((weak));

__attribute__((weak)) bool port_flash(uint32_t address, uint32_t bytes, const uint8_t **data)
{
    for (const uint32_t *region = __flash_regions; region != NULL && region[1] != 0; region += 2) {
        const uint32_t offset = address - region[0];
        if (offset <= region[1] && bytes <= region[1] - offset) {
            *data = (const uint8_t *)(uintptr_t)address;
            return true;
        }
    }
    return false;
}

static void put_u16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
}

static void send(const request *to, uint8_t status, uint32_t bytes)
{
    uint8_t *const header = tx + LEAD;
    header[0] = PROTOCOL_VERSION;
    header[1] = (uint8_t)(to->command | REPLY);
    header[2] = status;
    header[3] = to->model;
    sdk_put_u32(header + 4, to->sequence);
    sdk_put_u32(header + 8, to->nonce);
    port_write(tx, sdk_frame_encode(tx, LEAD, HEADER + bytes));
}

/* Tells the host which request is due, so that it need not wait for a time-out. */
static void send_nak(void)
{
    const request due = {.command = NAK, .sequence = session.last + 1, .nonce = session.nonce};
    if (session.nonce != 0) {
        send(&due, SDK_STATUS_OK, 0);
    }
}

/* Puts a length byte and that many bytes, at most max; returns the bytes used. */
static uint32_t put_short(uint8_t *to, const void *data, size_t bytes, uint32_t max)
{
    const uint32_t count = bytes < max ? (uint32_t)bytes : max;
    to[0] = (uint8_t)count;
    if (count > 0) {
        memcpy(to + 1, data, count);
    }
    return 1 + count;
}

static uint32_t hello(void)
{
    const uint32_t hz = port_clock_hz();
    const sdk_fault *const fault = port_fault();
    const int flags = (hz != 0 ? HAS_CYCLES : 0) | (port_micros() != 0 ? HAS_MICROS : 0) | (fault ? HAS_FAULT : 0) |
                      (port_mark(false) ? HAS_MARK : 0);

    put_u16(body, SDK_LINK_BODY);
    body[2] = SDK_LINK_WINDOW;
    body[3] = (uint8_t)flags;
    sdk_put_u32(body + 4, hz);
    sdk_put_u32(body + 8, sdk_model_count);
    memcpy(body + 12, sdk_build_id, 20);
    uint32_t at = 32;
    if (fault != NULL) {
        const uint32_t words[] = {fault->pc,   fault->lr,   fault->psr,    fault->sp,
                                  fault->cfsr, fault->hfsr, fault->address};
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++, at += 4) {
            sdk_put_u32(body + at, words[i]);
        }
    }
    at += put_short(body + at, sdk_board_id, strlen(sdk_board_id), BOARD_ID_MAX);
    size_t id_bytes = 0;
    const uint8_t *const id = port_unique_id(&id_bytes);
    at += put_short(body + at, id, id != NULL ? id_bytes : 0, UNIQUE_ID_MAX);
    return at;
}

static uint32_t model_info(const sdk_model *model, uint32_t first)
{
    memcpy(body, model->sha256, 32);
    sdk_put_u32(body + 32, model->arena_bytes);
    sdk_put_u32(body + 36, model->step_count);
    put_u16(body + 40, model->input_count);
    put_u16(body + 42, model->output_count);
    uint32_t at = 44;
    at += put_short(body + at, model->name, strlen(model->name), NAME_MAX);
    for (uint32_t i = first; i < model->input_count + model->output_count && at + 4 <= SDK_LINK_BODY; i++, at += 4) {
        const bool is_input = i < model->input_count;
        const sdk_region *const region = is_input ? &model->inputs[i] : &model->outputs[i - model->input_count];
        sdk_put_u32(body + at, region->bytes);
    }
    return at;
}

static uint32_t put_invocation(void)
{
    sdk_put_u64(body, session.invocation.cycles);
    sdk_put_u64(body + 8, session.invocation.micros);
    sdk_put_u32(body + 16, session.invocation.steps);
    return 20;
}

/* Copies a part of the region behind what is already in the body. */
static sdk_status put_region(sdk_region region, uint32_t offset, uint32_t length, uint32_t *bytes)
{
    if (length > SDK_LINK_BODY - *bytes || offset > region.bytes || length > region.bytes - offset) {
        return SDK_STATUS_BAD_RANGE;
    }
    memcpy(body + *bytes, sdk_arena + region.offset + offset, length);
    *bytes += length;
    return SDK_STATUS_OK;
}

static sdk_status read_stamps(const sdk_model *model, uint32_t first, uint32_t count, uint32_t *bytes)
{
    const uint32_t stamps = sdk_harness_stamps(model);
    if (stamps == 0) {
        return SDK_STATUS_NOT_AVAILABLE;
    }
    if (count > SDK_LINK_BODY / 8 || first > stamps || count > stamps - first) {
        return SDK_STATUS_BAD_RANGE;
    }
    for (uint32_t i = 0; i < count; i++) {
        sdk_put_u64(body + 8 * i, sdk_step_stamps[first + i]);
    }
    *bytes = 8 * count;
    return SDK_STATUS_OK;
}

static sdk_status invoke(const sdk_model *model, const request *from)
{
    (void)port_mark(true);
    const sdk_status status = sdk_harness_invoke(model, (from->flags & FLAG_TIMED) != 0, sdk_get_u32(from->body),
                                                 &session.invocation);
    (void)port_mark(false);
    session.invoked = from->sequence;
    return status;
}

/* Bytes of body that a command's request has, at least. */
static uint32_t body_bytes(uint8_t command)
{
    switch (command) {
    case MODEL_INFO: /* first u32 */
    case INVOKE:     /* steps to run u32 */
    case SET_BAUD:   /* bits a second u32 */
        return 4;
    case WRITE_INPUT: /* input u32, offset u32, data */
    case STEP_CYCLES: /* first u32, count u32 */
    case CHECKSUM:    /* address u32, length u32 */
        return 8;
    case READ_OUTPUT: /* output or step u32, offset u32, length u32 */
    case READ_STEP:
        return 12;
    default:
        return 0;
    }
}

/* Runs a command on a model that is there, with a body that is long enough. */
static sdk_status run_on_model(const request *from, const sdk_model *model, uint32_t *bytes)
{
    const uint8_t *const in = from->body;
    sdk_region region;
    sdk_status status;

    switch (from->command) {
    case MODEL_INFO:
        *bytes = model_info(model, sdk_get_u32(in));
        return SDK_STATUS_OK;
    case WRITE_INPUT:
        return sdk_harness_write(model, sdk_get_u32(in), sdk_get_u32(in + 4), in + 8, from->bytes - 8);
    case INVOKE:
        status = invoke(model, from);
        *bytes = status == SDK_STATUS_OK ? put_invocation() : 0;
        return status;
    case READ_OUTPUT:
        status = sdk_harness_output(model, sdk_get_u32(in), &region);
        return status == SDK_STATUS_OK ? put_region(region, sdk_get_u32(in + 4), sdk_get_u32(in + 8), bytes) : status;
    case READ_STEP:
        status = sdk_harness_step_output(model, sdk_get_u32(in), &region);
        if (status != SDK_STATUS_OK) {
            return status;
        }
        sdk_put_u32(body, region.bytes);
        *bytes = 4;
        return put_region(region, sdk_get_u32(in + 4), sdk_get_u32(in + 8), bytes);
    case STEP_CYCLES:
        return read_stamps(model, sdk_get_u32(in), sdk_get_u32(in + 4), bytes);
    default: /* RESET_STATE */
        sdk_harness_reset(model);
        return SDK_STATUS_OK;
    }
}

static bool has_baud(uint32_t baud)
{
    return baud == 0 || port_has_baud(baud);
}

static void set_baud(uint32_t baud)
{
    port_set_baud(baud);
    rate.patience = baud == 0 ? 0 : BAUD_TRIAL;
    rate.unheard = 0;
}

/* Goes back to the first rate when the host is not understood: it may have gone, or found the cable too bad. */
static void watch_rate(bool whole_frame)
{
    if (rate.patience == 0) {
        return;
    }
    if (whole_frame) {
        rate.patience = BAUD_PATIENCE;
        rate.unheard = 0;
    } else if (++rate.unheard > rate.patience) {
        set_baud(0);
    }
}

static uint32_t memory(void)
{
    uint32_t used;
    uint32_t size;
    sdk_stack_marks(&used, &size);
    sdk_put_u32(body, size);
    sdk_put_u32(body + 4, used);
    sdk_put_u32(body + 8, sdk_arena_bytes);
    return 12;
}

static sdk_status checksum(uint32_t address, uint32_t length, uint32_t *bytes)
{
    const uint8_t *flash;
    if (!port_flash(address, length, &flash)) {
        return SDK_STATUS_BAD_RANGE;
    }
    sdk_put_u32(body, sdk_crc32(flash, length));
    *bytes = 4;
    return SDK_STATUS_OK;
}

/* Runs a request; *bytes becomes the size of the reply's body. */
static sdk_status run(const request *from, uint32_t *bytes)
{
    const uint32_t expected = body_bytes(from->command);
    if (from->command > SET_BAUD || from->command < MODEL_INFO) {
        return SDK_STATUS_BAD_COMMAND;
    }
    if (from->bytes < expected || (from->bytes > expected && from->command != WRITE_INPUT)) {
        return SDK_STATUS_BAD_LENGTH;
    }
    if (from->command == MEMORY) {
        *bytes = memory();
        return SDK_STATUS_OK;
    }
    if (from->command == RESET) {
        return SDK_STATUS_OK;
    }
    if (from->command == SET_BAUD) {
        return has_baud(sdk_get_u32(from->body)) ? SDK_STATUS_OK : SDK_STATUS_BAD_RANGE;
    }
    if (from->command == CHECKSUM) {
        return checksum(sdk_get_u32(from->body), sdk_get_u32(from->body + 4), bytes);
    }
    const sdk_model *const model = sdk_harness_model(from->model);
    return model != NULL ? run_on_model(from, model, bytes) : SDK_STATUS_BAD_INDEX;
}

/*
 * Answers a request that was run before and whose reply may be lost. Only what reads is run again; nothing that it
 * reads has changed, because the host sends nothing that writes before it has the replies.
 */
static sdk_status repeat(const request *from, uint32_t *bytes)
{
    const uint32_t age = session.last - from->sequence;
    if (age >= HISTORY) {
        return SDK_STATUS_STALE;
    }
    const sdk_status outcome = (sdk_status)session.outcome[from->sequence % HISTORY];
    if (outcome != SDK_STATUS_OK || from->command == WRITE_INPUT || from->command == RESET_STATE) {
        return outcome;
    }
    if (from->command == INVOKE) {
        if (from->sequence != session.invoked) {
            return SDK_STATUS_STALE;
        }
        *bytes = put_invocation();
        return SDK_STATUS_OK;
    }
    return run(from, bytes);
}

static void greet(const request *from)
{
    /* A repeated greeting must not forget what the session has run. */
    if (from->nonce != session.nonce) {
        memset(&session, 0, sizeof session);
        session.nonce = from->nonce;
        session.last = from->sequence;
        sdk_harness_forget();
    }
    send(from, SDK_STATUS_OK, hello());
}

static void handle(const request *from)
{
    uint32_t bytes = 0;
    sdk_status status;

    if (from->command == HELLO && from->nonce != 0) {
        greet(from);
        return;
    }
    if (session.nonce == 0 || from->nonce != session.nonce) {
        send(from, SDK_STATUS_NO_SESSION, 0);
        return;
    }
    const uint32_t ahead = from->sequence - session.last;
    if (ahead == 1) {
        status = run(from, &bytes);
        session.last = from->sequence;
        session.outcome[from->sequence % HISTORY] = (uint8_t)status;
    } else if (ahead == 0 || ahead > UINT32_MAX / 2) {
        status = repeat(from, &bytes);
    } else {
        send_nak();
        return;
    }
    send(from, status, status == SDK_STATUS_OK ? bytes : 0);
    if (from->command == RESET && status == SDK_STATUS_OK) {
        port_reset((from->flags & FLAG_BOOT_LOADER) != 0);
    }
    if (from->command == SET_BAUD && status == SDK_STATUS_OK) {
        set_baud(sdk_get_u32(from->body)); /* of a repeat too: the reply that was lost may be why it came */
    }
}

static void take_frame(int32_t received)
{
    if (received < (int32_t)HEADER) {
        send_nak();
        return;
    }
    const request from = {
        .command = rx[1],
        .flags = rx[2],
        .model = rx[3],
        .sequence = sdk_get_u32(rx + 4),
        .nonce = sdk_get_u32(rx + 8),
        .body = rx + HEADER,
        .bytes = (uint32_t)received - HEADER,
    };
    if ((from.command & REPLY) != 0) {
        return; /* the host's own line echoes */
    }
    if (rx[0] != PROTOCOL_VERSION) {
        send(&from, SDK_STATUS_BAD_VERSION, 0);
        return;
    }
    handle(&from);
}

void sdk_link_end_session(void)
{
    session.nonce = 0;
}

bool sdk_link_receive(uint8_t byte)
{
    static bool in_frame;
    const int32_t received = sdk_frame_receive(&receiver, byte);
    const bool is_text = byte != 0 && !in_frame;
    watch_rate(received > 0);

    if (byte == 0) {
        in_frame = received <= 0;
    }
    if (received != 0) {
        take_frame(received);
    }
    return !is_text;
}
