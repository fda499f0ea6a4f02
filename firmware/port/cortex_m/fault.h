/* The fault that ended the firmware's previous run, as port_fault() of sdk/firmware.h tells it. */
#ifndef SDK_CORTEX_M_FAULT_H
#define SDK_CORTEX_M_FAULT_H

/*
 * Handler of every exception that nobody expects, for the vector table. It stores the registers in memory that
 * start-up leaves alone and resets the chip. pc, lr and psr are zero when the stack had overflowed.
 */
void cortex_m_fault_handler(void);

/* Makes the stored fault, if there is one, what port_fault() returns. To be called once, by start-up code. */
void cortex_m_fault_recall(void);

/* Restarts the chip so that memory keeps its contents. Weak: AIRCR's reset request, which not every chip restarts by. */
__attribute__((noreturn)) void cortex_m_fault_end(void);

#endif
