"""How we find: Documents in, Hits out. Knows nothing of prompts or answers."""
