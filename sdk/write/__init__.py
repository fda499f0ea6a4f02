"""Writing model files."""
