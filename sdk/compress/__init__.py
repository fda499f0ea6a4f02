"""Compression of weights after training: levels, methods from the literature, a search where to spend bytes."""
