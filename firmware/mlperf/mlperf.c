/* MLPerf Tiny's text protocol (mlcommons/tiny, benchmark/api): what its runner sends and expects, with bounds. */
#include "sdk/mlperf.h"

#include <stdbool.h>
#include <string.h>

#include "../runtime/console.h"
#include "../runtime/harness.h"
#include "../runtime/link.h"
#include "sdk/firmware.h"
#include "sdk/port.h"

#define LINE_MAX 80u
#define WORDS_MAX 4u
#define DEFAULT_WARM_UP 10u
#define COUNT_MAX 1000000000u
#define PRINT_ROW 8u
#define REAL_MAX 1e15f
#define PULSE_TURNS 10000u /* 10 us or more up to 1 GHz, so that a meter of 100 kHz sees it */

static char line[LINE_MAX + 1];
static size_t line_bytes;
static bool line_too_long;

static uint32_t expected; /* bytes to load into the buffer, */
static uint32_t loaded;   /* and those that are there */

static void put(const char *text)
{
    port_write((const uint8_t *)text, strlen(text));
}

static void put_number(uint64_t value)
{
    char digits[21];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    put(digits + at);
}

/* Prints with three decimals, of at most this magnitude. */
static void put_real(float value)
{
    const float absolute = value < 0 ? -value : value;
    const float magnitude = absolute < REAL_MAX ? absolute : REAL_MAX;
    const uint64_t thousandths = (uint64_t)(magnitude * 1000.0f + 0.5f);
    const char decimals[] = {'.', (char)('0' + thousandths / 100 % 10), (char)('0' + thousandths / 10 % 10),
                             (char)('0' + thousandths % 10), '\0'};
    put(value < 0 && thousandths != 0 ? "-" : "");
    put_number(thousandths / 1000);
    put(decimals);
}

static void put_line(const char *before, uint64_t number, const char *after)
{
    put(before);
    put_number(number);
    put(after);
    put("\r\n");
}

#ifdef SDK_MLPERF_ENERGY
static void hold_mark(bool on)
{
    (void)port_mark(on);
    for (volatile uint32_t i = 0; i < PULSE_TURNS; i++) {
    }
}

/* The link may have left the pin low. */
static void put_time(void)
{
    hold_mark(true);
    hold_mark(false);
    (void)port_mark(true);
}
#else
static void put_time(void)
{
    put_line("m-lap-us-", port_micros(), "");
}
#endif

/* Reads a decimal number up to COUNT_MAX; returns whether it is one. */
static bool get_number(const char *text, uint32_t *number)
{
    uint32_t value = 0;
    for (const char *digit = text; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9' || value > COUNT_MAX / 10) {
            return false;
        }
        value = value * 10 + (uint32_t)(*digit - '0');
    }
    *number = value;
    return *text != '\0';
}

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    const char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static const sdk_model *model(void)
{
    return sdk_models[sdk_mlperf.model];
}

static void load(const char *size)
{
    uint32_t bytes;
    loaded = 0;
    expected = 0;
    if (size == NULL || !get_number(size, &bytes) || bytes == 0) {
        put("e-[db load needs a number of bytes]\r\n");
    } else if (bytes > sdk_mlperf.buffer_bytes) {
        put_line("e-[db load: the input has only ", sdk_mlperf.buffer_bytes, " bytes]");
    } else {
        expected = bytes;
        put_line("m-[Expecting ", bytes, " bytes]");
    }
}

static void load_digits(const char *digits)
{
    const size_t count = strlen(digits);
    for (size_t i = 0; i < count; i++) {
        if (hex_digit(digits[i]) < 0) {
            put("e-[Invalid hex digit]\r\n");
            return;
        }
    }
    if (count % 2 != 0) {
        put("e-[Insufficient number of hex digits]\r\n");
    } else if (count / 2 > expected - loaded) {
        put("e-[More bytes than expected]\r\n");
    } else {
        for (size_t i = 0; i < count; i += 2) {
            const int byte = hex_digit(digits[i]) * 16 + hex_digit(digits[i + 1]);
            sdk_mlperf.buffer[loaded++] = (uint8_t)byte ^ sdk_mlperf.input_flip;
        }
        if (loaded == expected) {
            put("m-load-done\r\n");
        }
    }
}

static void print_buffer(void)
{
    static const char hex[] = "0123456789abcdef";
    for (uint32_t i = 0; i < loaded; i++) {
        const uint8_t byte = sdk_mlperf.buffer[i] ^ sdk_mlperf.input_flip;
        const char digits[] = {hex[byte >> 4], hex[byte & 15u], '\0'};
        put(i % PRINT_ROW == 0 ? "m-buffer-" : "-");
        put(digits);
        put(i % PRINT_ROW == PRINT_ROW - 1 || i + 1 == loaded ? "\r\n" : "");
    }
}

static void buffer_command(char *const *words)
{
    sdk_link_end_session();
    if (words[1] == NULL) {
        put("e-[db needs load, print or hex digits]\r\n");
    } else if (strcmp(words[1], "load") == 0) {
        load(words[2]);
    } else if (strcmp(words[1], "print") == 0) {
        print_buffer();
    } else {
        load_digits(words[1]);
    }
}

static bool loads_floats(void)
{
    return sdk_mlperf.buffer != sdk_mlperf.input;
}

static float loaded_float(uint32_t index)
{
    float value;
    memcpy(&value, sdk_mlperf.buffer + 4 * index, sizeof value);
    return value;
}

/* Rounds half away from zero, as the benchmark's reference does; NaN becomes the smallest. */
static void quantize_input(void)
{
    for (uint32_t i = 0; i < model()->inputs[0].bytes; i++) {
        const float scaled = loaded_float(i) / sdk_mlperf.input_scale;
        int32_t number = INT8_MIN;
        if (scaled > 512.0f) {
            number = INT8_MAX;
        } else if (scaled > -512.0f) {
            number = (int32_t)(scaled + (scaled < 0 ? -0.5f : 0.5f)) + sdk_mlperf.input_zero_point;
        }
        number = number < INT8_MIN ? INT8_MIN : number > INT8_MAX ? INT8_MAX : number;
        sdk_mlperf.input[i] = (uint8_t)number;
    }
}

static float output_value(sdk_region region, uint32_t index)
{
    return (float)((int8_t)sdk_arena[region.offset + index] - sdk_mlperf.output_zero_point) * sdk_mlperf.output_scale;
}

static float reconstruction_error(sdk_region region)
{
    const uint32_t count = model()->inputs[0].bytes;
    float sum = 0.0f;
    for (uint32_t i = 0; i < count; i++) {
        const float difference = output_value(region, i) - loaded_float(i);
        sum += difference * difference;
    }
    return sum / (float)count;
}

static void results(void)
{
    sdk_region region;
    if (sdk_harness_output(model(), 0, &region) != SDK_STATUS_OK) {
        put("e-[No results]\r\n");
        return;
    }
    put("m-results-[");
    if (loads_floats()) {
        put_real(reconstruction_error(region));
    } else {
        for (uint32_t i = 0; i < region.bytes; i++) {
            put(i == 0 ? "" : ",");
            put_real(output_value(region, i));
        }
    }
    put("]\r\n");
}

/* Each inference writes the input anew, because the steps reuse its memory; the time includes that. */
static void run(uint32_t count)
{
    sdk_invocation done;
    for (; count > 0; count--) {
        (void)sdk_harness_write(model(), 0, 0, sdk_mlperf.input, model()->inputs[0].bytes);
        (void)sdk_harness_invoke(model(), false, 0, &done);
    }
}

static void infer(char *const *words)
{
    uint32_t count = 1;
    uint32_t warm_up = DEFAULT_WARM_UP;
    if ((words[1] != NULL && (!get_number(words[1], &count) || count == 0)) ||
        (words[1] != NULL && words[2] != NULL && !get_number(words[2], &warm_up))) {
        put("e-[infer needs a number above 0, and of warm-up runs]\r\n");
        return;
    }
    if (loaded != sdk_mlperf.buffer_bytes) {
        put("e-[The input is not loaded]\r\n");
        return;
    }
    if (loads_floats()) {
        quantize_input();
    }
    sdk_link_end_session();
    put_line("m-warmup-start-", warm_up, "");
    run(warm_up);
    put("m-warmup-done\r\n");
    put_line("m-infer-start-", count, "");
    put_time();
    run(count);
    put_time();
    put("m-infer-done\r\n");
    results();
}

static void profile(void)
{
    put("m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[");
    put(sdk_mlperf.name);
    put("]\r\n");
}

static void name(void)
{
    put("m-name-dut-[");
    put(sdk_board_id);
    put("]\r\n");
}

/* Runs a command; words ends with NULL and has at least one. */
static void command(char *const *words)
{
    if (strcmp(words[0], "name") == 0) {
        name();
    } else if (strcmp(words[0], "profile") == 0) {
        profile();
    } else if (strcmp(words[0], "timestamp") == 0) {
        put_time();
    } else if (strcmp(words[0], "db") == 0) {
        buffer_command(words);
    } else if (strcmp(words[0], "infer") == 0) {
        infer(words);
    } else if (strcmp(words[0], "results") == 0) {
        results();
    } else if (strcmp(words[0], "help") == 0) {
        put("name, profile, timestamp, db load N, db HEX, db print, infer N W, results; each ends with %\r\n");
    } else {
        put("e-[Unknown command: ");
        put(words[0]);
        put("]\r\n");
    }
}

static void run_line(void)
{
    char *words[WORDS_MAX + 1] = {NULL};
    size_t count = 0;
    bool in_word = false;

    line[line_bytes] = '\0';
    for (char *at = line; *at != '\0'; at++) {
        if (*at == ' ') {
            *at = '\0';
            in_word = false;
        } else if (!in_word && count < WORDS_MAX) {
            words[count++] = at;
            in_word = true;
        }
    }
    if (line_too_long) {
        put("e-[Command too long]\r\n");
    } else if (count > 0) {
        command(words);
    }
    put("m-ready\r\n");
}

void sdk_console_start(void)
{
#ifdef SDK_MLPERF_ENERGY
    (void)port_mark(true);
    put("m-timestamp-mode-energy\r\nm-init-done\r\nm-ready\r\n");
#else
    put("m-timestamp-mode-performance\r\nm-lap-us-0\r\nm-init-done\r\nm-ready\r\n");
#endif
}

void sdk_console_receive(uint8_t byte)
{
    if (byte == '%') {
        run_line();
        line_bytes = 0;
        line_too_long = false;
    } else if (byte >= ' ' && byte < 0x7f) {
        if (line_bytes < LINE_MAX) {
            line[line_bytes++] = (char)byte;
        } else {
            line_too_long = true;
        }
    }
}
