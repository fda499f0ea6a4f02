/* The caches of the Cortex-M7 (Armv7-M architecture manual, B3.2.27 and B2.2.7). */
#ifndef SDK_CORTEX_M_CACHE_H
#define SDK_CORTEX_M_CACHE_H

/* Invalidates both caches, which hold anything after a reset, and turns them on. They must be off. */
void cortex_m_caches_on(void);

#endif
