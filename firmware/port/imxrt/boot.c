/*
 * What the boot ROM of the i.MX RT1062 looks for in the flash (i.MX RT1060 reference manual, chapter 9): the FlexSPI
 * configuration block at its beginning, and 4 KiB behind it the image vector table, which names the vectors.
 */
#include <stdint.h>

#define FLASH 0x60000000u

extern const uint32_t __flash_image_bytes[]; /* its address is the number */
extern const uint32_t __vectors[];

/* 9.6.3.1 and 9.6.3.2; offsets in words */
enum {
    TAG = 0x000 / 4,
    VERSION = 0x004 / 4,
    SAMPLING = 0x00C / 4, /* column address width, CS setup time, CS hold time, source of the read sample clock */
    DEVICE = 0x044 / 4,   /* -, serial clock, pads, type */
    SIZE_A1 = 0x050 / 4,
    READ_SEQUENCE = 0x080 / 4,
    PAGE_BYTES = 0x1C0 / 4,
    SECTOR_BYTES = 0x1C4 / 4,
    IP_CLOCK = 0x1C8 / 4,
    BLOCK_BYTES = 0x1D0 / 4,
    WORDS = 512 / 4
};

/* 26.7.8: an instruction of the look-up table for one (SINGLE) or four lines (QUAD) */
#define SINGLE 0u
#define QUAD 2u
#define INSTRUCTION(opcode, lines, operand) ((opcode) << 10 | (lines) << 8 | (operand))
#define SEND_COMMAND 1u
#define SEND_ADDRESS 2u
#define SEND_MODE 7u
#define READ_DATA 9u
#define DUMMY_CYCLES 12u

__attribute__((section(".flexspi_boot"), used)) static const uint32_t flexspi_configuration[WORDS] = {
    [TAG] = 0x42464346u, /* "FCFB" */
    [VERSION] = 0x56010000u,
    [SAMPLING] = 0x00020101u, /* the data strobe's pad, looped back */
    [DEVICE] = 0x00060401u,   /* 100 MHz, four lines, NOR */
    [SIZE_A1] = 0x00800000u,
    [READ_SEQUENCE] = INSTRUCTION(SEND_ADDRESS, QUAD, 24u) << 16 | INSTRUCTION(SEND_COMMAND, SINGLE, 0xEBu),
    [READ_SEQUENCE + 1] = INSTRUCTION(DUMMY_CYCLES, QUAD, 4u) << 16 | INSTRUCTION(SEND_MODE, QUAD, 0xFFu),
    [READ_SEQUENCE + 2] = INSTRUCTION(READ_DATA, QUAD, 1u),
    [PAGE_BYTES] = 256,
    [SECTOR_BYTES] = 4096,
    [IP_CLOCK] = 1,
    [BLOCK_BYTES] = 0x10000u,
};

/* 9.7.1 */
typedef struct {
    uint32_t header;
    const void *entry;
    uint32_t reserved;
    const void *device_configuration;
    const void *boot_data;
    const void *self;
    const void *command_sequence;
    uint32_t reserved_too;
} image_vector_table;

typedef struct {
    uint32_t start;
    const void *length;
    uint32_t plugin;
} image_boot_data;

static const image_boot_data boot_data;

/* The ROM takes stack and entry from the vectors. */
__attribute__((section(".flexspi_boot.ivt"), used)) static const image_vector_table ivt = {
    .header = 0x432000D1u, /* tag, 32 bytes, version 4.3 */
    .entry = __vectors,
    .boot_data = &boot_data,
    .self = &ivt,
};

__attribute__((section(".flexspi_boot.data"), used)) static const image_boot_data boot_data = {
    .start = FLASH,
    .length = __flash_image_bytes,
};
