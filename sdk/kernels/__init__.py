"""Descriptors of the C kernels: what each matches, its constants, scratch, order of accesses and cost."""
