/*
 * Second-stage boot: puts the flash into quad continuous read (EBh) and starts the program at 0x10000100.
 *
 * The boot ROM copies the first 256 bytes of flash to 0x20041f00, checks the CRC-32 that the host has put
 * into the last four (RP2040 datasheet 2.8.1.3.1) and jumps here with LR = 0. Code that has left XIP mode
 * calls a copy of it with LR set to come back. The commands are those of the W25Q16JV on the Pico; other
 * Winbond-like flash chips with the QE bit in status register 2 take the same.
 */
        .syntax unified
        .cpu    cortex-m0plus
        .thumb

        .equ    SSI,            0x18000000
        .equ    CTRLR0,         0x00
        .equ    CTRLR1,         0x04
        .equ    SSIENR,         0x08
        .equ    BAUDR,          0x14
        .equ    SR,             0x28
        .equ    DR0,            0x60
        .equ    RX_SAMPLE_DLY,  0xf0
        .equ    SPI_CTRLR0,     0xf4
        .equ    PADS_QSPI,      0x40020000

        .equ    SERIAL_8,       7 << 16                         /* standard SPI, frames of 8 bits, full duplex */
        .equ    QUAD_32,        (2 << 21) | (31 << 16) | (3 << 8)   /* quad, frames of 32 bits, EEPROM read */
        .equ    ADDRESS_32,     (4 << 11) | (8 << 2)            /* 24 address + 8 mode bits, 4 wait cycles */
        .equ    ENTER,          ADDRESS_32 | (2 << 8) | 1       /* 8-bit command on one line, address on four */
        .equ    CONTINUE,       (0xa0 << 24) | ADDRESS_32 | 2   /* no command, mode bits A0h, all on four lines */

        .section .boot2, "ax", %progbits
        .global __boot2
        .type   __boot2, %object        /* no Thumb bit: to be copied, not called */
__boot2:
        push    {r4, lr}
        ldr     r4, =SSI

        /* Clock pad: 8 mA, fast. Data pads: no Schmitt trigger, which costs delay. */
        ldr     r0, =PADS_QSPI
        movs    r1, #0x21
        str     r1, [r0, #0x04]
        ldr     r1, [r0, #0x08]
        movs    r2, #2
        bics    r1, r2
        str     r1, [r0, #0x08]
        str     r1, [r0, #0x0c]
        str     r1, [r0, #0x10]
        str     r1, [r0, #0x14]

        /* clk_sys / 2 (62.5 MHz at 125 MHz), data sampled one clk_sys later. */
        movs    r0, #0
        str     r0, [r4, #SSIENR]
        movs    r0, #2
        str     r0, [r4, #BAUDR]
        movs    r0, #1
        movs    r1, #RX_SAMPLE_DLY
        str     r0, [r4, r1]
        ldr     r0, =SERIAL_8
        str     r0, [r4, #CTRLR0]
        movs    r0, #1
        str     r0, [r4, #SSIENR]

        /* Quad enable is non-volatile: write it only when it is not set yet. */
        movs    r0, #0x35
        bl      read_status
        movs    r1, #2
        tst     r0, r1
        bne     quad_enabled
        movs    r0, #0x06
        str     r0, [r4, #DR0]
        bl      wait_idle
        ldr     r0, [r4, #DR0]
        movs    r0, #0x01
        str     r0, [r4, #DR0]
        movs    r0, #0
        str     r0, [r4, #DR0]
        movs    r0, #2
        str     r0, [r4, #DR0]
        bl      wait_idle
        ldr     r0, [r4, #DR0]
        ldr     r0, [r4, #DR0]
        ldr     r0, [r4, #DR0]
1:      movs    r0, #0x05
        bl      read_status
        movs    r1, #1
        tst     r0, r1
        bne     1b
quad_enabled:

        /* One read by command EBh with mode bits A0h: from then on the flash expects addresses alone. */
        movs    r0, #0
        str     r0, [r4, #SSIENR]
        str     r0, [r4, #CTRLR1]
        ldr     r0, =QUAD_32
        str     r0, [r4, #CTRLR0]
        ldr     r0, =ENTER
        movs    r1, #SPI_CTRLR0
        str     r0, [r4, r1]
        movs    r0, #1
        str     r0, [r4, #SSIENR]
        movs    r0, #0xeb
        str     r0, [r4, #DR0]
        movs    r0, #0xa0
        str     r0, [r4, #DR0]
        bl      wait_idle
        movs    r0, #0
        str     r0, [r4, #SSIENR]
        ldr     r0, =CONTINUE
        movs    r1, #SPI_CTRLR0
        str     r0, [r4, r1]
        movs    r0, #1
        str     r0, [r4, #SSIENR]

        pop     {r4}
        pop     {r0}
        cmp     r0, #0
        beq     start
        bx      r0
start:  ldr     r0, =0x10000100
        ldr     r1, =0xe000ed08         /* VTOR */
        str     r0, [r1]
        ldmia   r0!, {r1, r2}
        msr     msp, r1
        bx      r2

/* r0: command; returns the status byte in r0. */
read_status:
        push    {lr}
        str     r0, [r4, #DR0]
        str     r0, [r4, #DR0]
        bl      wait_idle
        ldr     r0, [r4, #DR0]
        ldr     r0, [r4, #DR0]
        pop     {pc}

/* Waits until the transmit FIFO is empty and the controller is not busy; changes r0 and r1. */
wait_idle:
        ldr     r1, [r4, #SR]
        movs    r0, #4
        tst     r1, r0
        beq     wait_idle
        movs    r0, #1
        tst     r1, r0
        bne     wait_idle
        bx      lr

        .ltorg
        .org    252
        .word   0                       /* the CRC-32, put in by the host */
        .size   __boot2, . - __boot2
