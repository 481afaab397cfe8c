"""How we answer: a question and Hits in, a cited Answer out; and the surfaces that show it."""
