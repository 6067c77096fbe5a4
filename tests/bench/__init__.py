"""The benchmark: ``python -m tests.bench`` measures ebpfasm against references on the same machine and prints a table."""
