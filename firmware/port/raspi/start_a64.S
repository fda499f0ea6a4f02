/*
 * Start-up of the Cortex-A53 (Arm architecture reference manual for A-profile, D1): core 0 goes on at EL1 with
 * floating point on, the others sleep for good. Whoever came before may have left it at EL3 or EL2.
 */
        .section .vectors, "ax"
        .balign 2048
vectors:
        .rept   16
        b       fault
        .balign 128
        .endr

        .text
        .global reset_handler
reset_handler:
        mrs     x0, mpidr_el1
        tst     x0, #3
        b.eq    core0
1:      wfi
        b       1b
core0:
        mrs     x0, CurrentEL
        cmp     x0, #(3 << 2)
        b.ne    below_el3
        msr     cptr_el3, xzr
        mov     x0, #0x5b1              /* AArch64 below, HVC on, SMC off, non-secure */
        msr     scr_el3, x0
        mov     x0, #0x3c9              /* EL2h, all masked */
        msr     spsr_el3, x0
        adr     x0, below_el3
        msr     elr_el3, x0
        eret
below_el3:
        mrs     x0, CurrentEL
        cmp     x0, #(2 << 2)
        b.ne    at_el1
        mov     x0, #0x80000000         /* AArch64 below */
        msr     hcr_el2, x0
        mov     x0, #0x33ff             /* no floating-point traps */
        msr     cptr_el2, x0
        ldr     x0, =0x30d00800         /* the bits that are ones: MMU and caches off */
        msr     sctlr_el1, x0
        mov     x0, #0x3c5              /* EL1h, all masked */
        msr     spsr_el2, x0
        adr     x0, at_el1
        msr     elr_el2, x0
        eret
at_el1:
        mov     x0, #(3 << 20)
        msr     cpacr_el1, x0
        ldr     x0, =vectors
        msr     vbar_el1, x0
        ldr     x0, =thread_area        /* errno of the C library lives there */
        msr     tpidr_el0, x0
        isb
        ldr     x0, =__stack_top
        mov     sp, x0
        b       raspi_start

fault:
        mrs     x0, elr_el1
        mov     x1, sp
        mov     x2, x30
        mrs     x3, spsr_el1
        ldr     x4, =fault_stack_top
        mov     sp, x4
        b       raspi_fault

        .ltorg

        .section .bss.thread_area, "aw", %nobits
        .balign 16
thread_area:
        .skip   64

        .section .noinit, "aw", %nobits
        .balign 16
        .skip   512
fault_stack_top:
