/* Translation tables of the Cortex-A53 for 32 bits of addresses (Arm ARM for A-profile, D5): blocks of 2 MiB and 1 GiB. */
#include "raspi.h"

#define BLOCKS 512u
#define BLOCK_BYTES 0x200000u
#define GIB 0x40000000u

#define DESCRIPTOR_TABLE 3u
#define DESCRIPTOR_BLOCK 1u
#define ATTRIBUTE_DEVICE (1u << 2)
#define SHAREABLE (3u << 8)
#define ACCESSED (1u << 10)
#define NEVER_EXECUTE ((uint64_t)3 << 53)

#define MAIR_NORMAL_DEVICE 0x04FFu /* attribute 0: write-back; 1: device nGnRE */
#define TCR_32_BITS_WRITE_BACK ((1u << 23) | (3u << 12) | (1u << 10) | (1u << 8) | 32u)
#define SCTLR_MMU_CACHES ((1u << 12) | (1u << 2) | 1u)
#define SCTLR_ALIGNMENT_CHECK (1u << 1)

static uint64_t first_gib[BLOCKS] __attribute__((aligned(4096)));
static uint64_t all[4] __attribute__((aligned(4096)));

void raspi_mmu_on(void) {
    const uint64_t normal = DESCRIPTOR_BLOCK | SHAREABLE | ACCESSED;
    const uint64_t device = DESCRIPTOR_BLOCK | ATTRIBUTE_DEVICE | ACCESSED | NEVER_EXECUTE;
    for (uint32_t i = 0; i < BLOCKS; i++) {
        const uint32_t address = i * BLOCK_BYTES;
        first_gib[i] = address | (address < PERIPHERALS ? normal : device);
    }
    first_gib[(uintptr_t)__stack_low / BLOCK_BYTES - 1u] = 0;
    all[0] = (uintptr_t)first_gib | DESCRIPTOR_TABLE;
    all[1] = GIB | device; /* the cores' own peripherals */

    uint64_t control;
    __asm volatile("msr far_el1, xzr");
    __asm volatile("msr mair_el1, %0" ::"r"((uint64_t)MAIR_NORMAL_DEVICE));
    __asm volatile("msr tcr_el1, %0" ::"r"((uint64_t)TCR_32_BITS_WRITE_BACK));
    __asm volatile("msr ttbr0_el1, %0" ::"r"((uintptr_t)all));
    __asm volatile("dsb sy\n\ttlbi vmalle1\n\tic iallu\n\tdsb sy\n\tisb" ::: "memory");
    __asm volatile("mrs %0, sctlr_el1" : "=r"(control));
    control = (control | SCTLR_MMU_CACHES) & ~(uint64_t)SCTLR_ALIGNMENT_CHECK;
    __asm volatile("msr sctlr_el1, %0\n\tisb" ::"r"(control) : "memory");
}

uintptr_t raspi_fault_address(void) {
    uintptr_t address;
    __asm volatile("mrs %0, far_el1" : "=r"(address));
    return address;
}
