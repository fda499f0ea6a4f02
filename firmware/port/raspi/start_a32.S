/*
 * Start-up of the Cortex-A7 (Armv7-A architecture reference manual, B1): core 0 goes on in supervisor mode with floating
 * point on, the others sleep for good. Whoever came before may have left it in hypervisor mode.
 */
        .syntax unified
        .arm
        .section .vectors, "ax", %progbits
        .balign 32
vectors:
        b       reset_handler
        b       undefined
        b       unexpected
        b       prefetch_abort
        b       data_abort
        b       unexpected
        b       unexpected
        b       unexpected

/* The fault's address: behind LR by what the architecture's table B1-7 says; code is Thumb. */
undefined:
        sub     lr, lr, #2
        b       fault
data_abort:
        sub     lr, lr, #4
prefetch_abort:
        sub     lr, lr, #4
unexpected:
fault:
        mov     r0, lr
        mrs     r3, spsr
        cps     #0x13                   /* supervisor: SP and LR of what faulted */
        mov     r1, sp
        mov     r2, lr
        ldr     sp, =fault_stack_top
        bl      raspi_fault

        .global reset_handler
        .type   reset_handler, %function
reset_handler:
        mrc     p15, 0, r0, c0, c0, 5   /* MPIDR */
        tst     r0, #3
        beq     core0
1:      wfi
        b       1b
core0:
        mrs     r0, cpsr
        and     r0, r0, #0x1f
        cmp     r0, #0x1a               /* hypervisor */
        bne     supervisor
        adr     r0, supervisor
        msr     elr_hyp, r0
        mov     r0, #0x1d3              /* supervisor, all masked */
        msr     spsr_hyp, r0
        eret
supervisor:
        cpsid   aif, #0x13
        mrc     p15, 0, r0, c1, c0, 2   /* CPACR: CP10 and CP11 */
        orr     r0, r0, #(0xf << 20)
        mcr     p15, 0, r0, c1, c0, 2
        isb
        mov     r0, #(1 << 30)
        vmsr    fpexc, r0
        ldr     r0, =vectors
        mcr     p15, 0, r0, c12, c0, 0  /* VBAR */
        ldr     sp, =__stack_top
        bl      raspi_start

        .ltorg

        .section .noinit, "aw", %nobits
        .balign 8
        .skip   512
fault_stack_top:
