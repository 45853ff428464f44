"""Check uploaded files in a child process with limits, and rewrite them without anything active."""
