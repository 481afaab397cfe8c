"""How well: cases x chatbot -> scores. No other folder imports this one."""
