/*
 * What all kernels share. A kernel is called as
 *
 *     sdk_<name>(&params, input..., output..., scratch, range)
 *
 * with parameters made on the host, pointers to tensors in the arena, scratch of the size that the host
 * planned (NULL when none), and the part of the work to do: for images a range of output rows, for fully
 * connected layers a range of output channels, for the rest a range of elements or always everything.
 * Two ranges of one layer may run at once on two cores, each with a scratch of its own.
 *
 * Kernels trust their arguments: the host has checked them. They use no heap, no libc I/O and, for integer
 * types, no floating point.
 */
#ifndef SDK_KERNEL_H
#define SDK_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* A half-open range of units of work. */
typedef struct {
    int32_t begin;
    int32_t end;
} sdk_range;

#endif
