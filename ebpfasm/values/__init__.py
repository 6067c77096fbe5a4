"""What maps are to Python, wherever they live: how values become bytes, and how entries are used as a dictionary."""
