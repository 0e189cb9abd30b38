"""SMTP servers with different behaviors: one process that runs them, and the interface of tests to each."""
