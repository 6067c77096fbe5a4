"""Files: what other tools write and read."""
