"""What we have: files in, Documents out. Knows nothing of passages, vectors or models."""
