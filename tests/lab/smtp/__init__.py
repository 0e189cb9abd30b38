"""SMTP servers with different behaviors: one process that plays them, and the view that tests have of each."""
