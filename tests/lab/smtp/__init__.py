"""SMTP servers of several tempers: one process that plays them, and the view that tests have of each."""
