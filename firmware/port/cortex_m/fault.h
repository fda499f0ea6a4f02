/* What is known of a fault, kept over the reset that follows it. */
#ifndef SDK_CORTEX_M_FAULT_H
#define SDK_CORTEX_M_FAULT_H

/*
 * If the last reset was caused by a fault, sends one line to the host by port_write() and forgets the fault:
 *
 *     fault pc=%08x lr=%08x psr=%08x sp=%08x cfsr=%08x hfsr=%08x mmfar=%08x bfar=%08x
 *
 * pc and lr are zero when the stack had overflowed; the last four are zero on Armv6-M. The line starts and
 * ends with a zero byte so that it cannot be taken for a part of a frame. To be called at the end of
 * port_init().
 */
void cortex_m_fault_report(void);

#endif
