"""Training with weights of few levels, in PyTorch: quantizers, blocks, a trainer, and the way to an int8 model.

An extra of its own (``pip install 'sdk[train]'``): nothing else in the project imports it.
"""
