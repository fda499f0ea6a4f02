"""Reading model files: untrusted bytes in, a verified Module out."""
