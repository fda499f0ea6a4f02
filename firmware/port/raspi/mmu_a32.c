/* Translation table of the Cortex-A7 (Armv7-A architecture reference manual, B3.5): sections of 1 MiB. */
#include "raspi.h"

#define SECTIONS 4096u
#define SECTION_BITS 20
#define SECTION_FULL_ACCESS ((3u << 10) | 2u)
#define NORMAL_WRITE_BACK ((1u << 16) | (1u << 12) | (1u << 3) | (1u << 2)) /* shareable, TEX 1, C, B */
#define DEVICE_NEVER_EXECUTE ((1u << 4) | (1u << 2))

#define SCTLR_MMU_CACHES_PREDICTION ((1u << 12) | (1u << 11) | (1u << 2) | 1u)
#define SCTLR_ALIGNMENT_CHECK (1u << 1)

#define PERIPHERALS_END 0x40100000u /* of the chip and of its cores */

static uint32_t table[SECTIONS] __attribute__((aligned(16384)));

void raspi_mmu_on(void) {
    for (uint32_t address = 0; address < PERIPHERALS_END; address += 1u << SECTION_BITS) {
        table[address >> SECTION_BITS] =
            address | SECTION_FULL_ACCESS | (address < PERIPHERALS ? NORMAL_WRITE_BACK : DEVICE_NEVER_EXECUTE);
    }
    table[((uintptr_t)__stack_low >> SECTION_BITS) - 1u] = 0;
    uint32_t control;
    __asm volatile("mcr p15, 0, %0, c6, c0, 0" ::"r"(0));                /* DFAR */
    __asm volatile("mcr p15, 0, %0, c2, c0, 2" ::"r"(0));                /* TTBCR */
    __asm volatile("mcr p15, 0, %0, c2, c0, 0" ::"r"((uintptr_t)table)); /* TTBR0 */
    __asm volatile("mcr p15, 0, %0, c3, c0, 0" ::"r"(1));                /* DACR: domain 0 by permissions */
    __asm volatile("dsb\n\t"
                   "mcr p15, 0, %0, c8, c7, 0\n\t" /* TLBIALL */
                   "mcr p15, 0, %0, c7, c5, 0\n\t" /* ICIALLU */
                   "dsb\n\tisb" ::"r"(0)
                   : "memory");
    __asm volatile("mrc p15, 0, %0, c1, c0, 0" : "=r"(control)); /* SCTLR */
    control = (control | SCTLR_MMU_CACHES_PREDICTION) & ~SCTLR_ALIGNMENT_CHECK;
    __asm volatile("mcr p15, 0, %0, c1, c0, 0\n\tisb" ::"r"(control) : "memory");
}

uintptr_t raspi_fault_address(void) {
    uintptr_t address;
    __asm volatile("mrc p15, 0, %0, c6, c0, 0" : "=r"(address)); /* DFAR */
    return address;
}
